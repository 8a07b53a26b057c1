// What the dumps of a run contain: rows of PostgreSQL, keys of the Redis "queue", and events. Times are wall
// milliseconds, -1 if absent. Ratings are hundredths of a point, as in PostgreSQL.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "tests/chaos/checker/run/calls.h"

namespace mm::chaos {

/// One player's place in a match.
struct Seat {
  Symbol player;
  Symbol ticket;
  Symbol party;
  int team = 0;
  double mmr = 0;  ///< points
  std::int64_t waited_ms = 0;
};

// ---- PostgreSQL ----

struct MatchRow {  // session.match
  Where at;
  Symbol match, tenant, mode, region, source, state, reason, server, result_hash;
  int team_size = 0;
  std::vector<Seat> roster;
  std::vector<Symbol> requeue;
  std::int64_t found_ms = -1, ready_ms = -1, ended_ms = -1;
  bool released = false;
};

struct LivePlayerRow {
  Where at;
  Symbol tenant, player, match;
};

struct OutboxRow {  // session.outbox, profile.outbox
  Where at;
  Symbol message, subject;
  bool sent = false;
  std::int64_t created_ms = -1;
};

struct AllocationRow {
  Where at;
  Symbol match, state, server;
  int slot = -1;
  std::int64_t allocated_ms = -1, released_ms = -1;
};

struct AccountRow {
  Where at;
  Symbol player, tenant, name_key, email;
};

struct RatingRow {
  Where at;
  Symbol tenant, player, mode;
  std::int64_t mmr = 0, games = 0, wins = 0, losses = 0, draws = 0;
};

struct AppliedRow {  // profile.applied
  Where at;
  Symbol match, tenant, mode, system;
  std::int64_t sequence = 0;
  bool rated = false;
  std::optional<int> winning_team;
  std::int64_t applied_ms = -1;
};

struct RatingChangeRow {
  Where at;
  Symbol match, player;
  int team = 0;
  std::int64_t before = 0, after = 0;
};

struct RankedMatchRow {  // leaderboard.match with leaderboard.applied
  Where at;
  Symbol match, tenant, mode, region, season;
  bool rated = false;
  std::int64_t ended_ms = -1;
};

struct BoardAppliedRow {
  Where at;
  Symbol match;
  std::int64_t applied_ms = -1;
};

struct MatchPlayerRow {  // leaderboard.match_player
  Where at;
  Symbol match, player;
  int team = 0;
  std::int64_t before = 0, after = 0;
};

struct BoardRow {
  Where at;
  std::int64_t board = 0;
  Symbol tenant, season, mode, region;
  std::int64_t players = 0;
};

struct StandingRow {
  Where at;
  std::int64_t board = 0;
  Symbol player;
  std::int64_t mmr = 0, wins = 0, losses = 0, draws = 0;
};

// ---- Redis "queue" ----

struct TicketKey {
  Where at;
  Symbol ticket, state, mode, region, match, reason, party;
  int size = 0;
  std::vector<Seat> players;  ///< only player and mmr
  std::int64_t queued_ms = -1, deadline_ms = -1, matched_ms = -1, ended_ms = -1;
};

struct ClaimEntry {
  Where at;
  Symbol player, ticket, match;  ///< one of ticket and match
};

struct LiveEntry {  // of `live`, or of `unconfirmed` with the time of the commit
  Where at;
  Symbol match;
  std::int64_t since_ms = -1;
};

struct PendingEvent {  // of the outbox in Redis
  Where at;
  Symbol message;
  std::int64_t since_ms = -1;
};

struct PartyKey {
  Where at;
  Symbol party, leader;
  std::int64_t version = 0;
  int max_size = 0;
  std::vector<Symbol> members;
};

struct MemberEntry {
  Where at;
  Symbol player, party;
};

struct LeaseKey {
  Where at;
  Symbol partition, token, tenant;
  std::int64_t epoch = -1;
};

struct EpochKey {
  Where at;
  Symbol tenant;
  std::int64_t epoch = -1;
};

/// A line of a matchmaker's log that says that it has taken a partition.
struct Takeover {
  Where at;
  Symbol tenant, partition, token;
  std::int64_t epoch = -1, wall_ms = -1;
};

// ---- Events ----

enum class EventKind : std::uint8_t { found, ready, completed, cancelled, rated, closed, requeued, other };

/// A message of a stream, or the tap's copy of an event.
struct Event {
  Where at;
  EventKind kind = EventKind::other;
  bool stored = false;         ///< from the dump of a stream
  std::int64_t sequence = -1;  ///< in the stream
  std::int64_t wall_ms = -1;   ///< when it was stored, or when the tap received it
  Symbol subject, message;
  std::uint64_t digest = 0;  ///< of the body, to compare copies
  Symbol match, tenant, mode, region, source, reason, ticket, party;
  int team_size = 0;
  std::int64_t created_ms = -1;  ///< of match.found
  std::int64_t queued_ms = -1;   ///< of ticket.requeued
  std::int64_t attempt = 0;
  std::vector<Seat> roster;
  int teams = 0;
  std::vector<Symbol> requeue;
  std::vector<Symbol> players;
};

}  // namespace mm::chaos
