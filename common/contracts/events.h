// Events: facts, past tense, published once the fact is stored. Subject and stream of each stand in the struct.
// Those of a stream may be delivered more than once; every consumer is idempotent by match_id or event_id.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/lobby.h"
#include "common/contracts/session.h"

namespace mm {

enum class MatchSource { queue, challenge };

template <>
struct EnumText<MatchSource> {
  static constexpr std::array<std::pair<MatchSource, std::string_view>, 2> kAll{{
      {MatchSource::queue, "queue"},
      {MatchSource::challenge, "challenge"},
  }};
};

struct FoundPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;  ///< none in a match that was made, not found
  std::optional<PartyId> party_id;
  double mmr = 0;
  std::int64_t waited_ms = 0;
};

template <class F>
void describe(F& f, FoundPlayer& m) {
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("mmr", m.mmr, fields::Decimals{2});
  f("waited_ms", m.waited_ms, fields::Optional{});
}

struct FoundTeam {
  double mmr = 0;  ///< mean of the players'
  std::vector<FoundPlayer> players;
};

template <class F>
void describe(F& f, FoundTeam& m) {
  f("mmr", m.mmr, fields::Decimals{2});
  f("players", m.players);
}

/// A match was formed; its tickets are gone from the queue. By matchmaker, after the commit.
struct MatchFound {
  static constexpr Subject kSubject{"match.found"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;
  MatchSource source = MatchSource::queue;
  TimePoint created_at;
  double quality = 0;
  double mmr_spread = 0;
  std::vector<FoundTeam> teams;
};

template <class F>
void describe(F& f, MatchFound& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("source", m.source);
  f("created_at", m.created_at);
  f("quality", m.quality, Decimals{4});
  f("mmr_spread", m.mmr_spread, Decimals{2});
  f("teams", m.teams);
}

/// A server is allocated. By session.
struct MatchReady {
  static constexpr Subject kSubject{"match.ready"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::string server_endpoint;
  std::vector<std::vector<PlayerId>> teams;
};

template <class F>
void describe(F& f, MatchReady& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("server_endpoint", m.server_endpoint);
  f("teams", m.teams);
}

struct CompletedPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;
  std::optional<PartyId> party_id;
  double mmr = 0;
  fields::RawJson stats;
};

template <class F>
void describe(F& f, CompletedPlayer& m) {
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("mmr", m.mmr, fields::Decimals{2});
  f("stats", m.stats, fields::Optional{});
}

/// The result. By session, once it is stored.
struct MatchCompleted {
  static constexpr Subject kSubject{"match.completed"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::optional<int> winning_team;  ///< none: a draw
  double duration_seconds = 0;
  TimePoint started_at;
  TimePoint ended_at;
  std::vector<std::vector<CompletedPlayer>> teams;
};

template <class F>
void describe(F& f, MatchCompleted& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("winning_team", m.winning_team, fields::Nullable{}, fields::Optional{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("teams", m.teams);
}

enum class CancelReason { no_server, loading_timeout, no_show, server_lost, conflict };

template <>
struct EnumText<CancelReason> {
  static constexpr std::array<std::pair<CancelReason, std::string_view>, 5> kAll{{
      {CancelReason::no_server, "no_server"},
      {CancelReason::loading_timeout, "loading_timeout"},
      {CancelReason::no_show, "no_show"},
      {CancelReason::server_lost, "server_lost"},
      {CancelReason::conflict, "conflict"},
  }};
};

/// The match will not be played (to its end). By session.
struct MatchCancelled {
  static constexpr Subject kSubject{"match.cancelled"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  CancelReason reason = CancelReason::no_server;
  std::vector<TicketId> requeue;   ///< search again, with their age
  std::vector<PlayerId> dropped;   ///< do not
  std::vector<std::vector<PlayerId>> teams;
};

template <class F>
void describe(F& f, MatchCancelled& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("reason", m.reason);
  f("requeue", m.requeue);
  f("dropped", m.dropped);
  f("teams", m.teams, fields::Optional{});
}

struct RatedPlayer {
  PlayerId player_id;
  std::optional<TicketId> ticket_id;
  std::optional<PartyId> party_id;
  std::optional<std::string> username;
  double mmr = 0;         ///< at the time of the match
  double mmr_before = 0;
  double mmr_after = 0;
  double deviation = kInitialDeviation;  ///< after
  std::int64_t games = 0;                ///< after, in this mode
  fields::RawJson stats;
  std::optional<TimePoint> deviation_at = {};  ///< from when on the deviation grows (deviation.h)
  double deviation_growth = 0;                 ///< points per square root of a day
};

template <class F>
void describe(F& f, RatedPlayer& m) {
  using namespace fields;
  f("player_id", m.player_id);
  f("ticket_id", m.ticket_id);
  f("party_id", m.party_id);
  f("username", m.username);
  f("mmr", m.mmr, Decimals{2});
  f("mmr_before", m.mmr_before, Decimals{2});
  f("mmr_after", m.mmr_after, Decimals{2});
  f("deviation", m.deviation, Decimals{2}, Optional{});
  f("games", m.games);
  f("stats", m.stats, Optional{});
  f("deviation_at", m.deviation_at);
  f("deviation_growth", m.deviation_growth, Decimals{3}, Optional{});
}

/// The completed match with each player's rating before and after. By profile. In unrated modes both are equal.
struct MatchRated {
  static constexpr Subject kSubject{"match.rated"};
  static constexpr Stream kStream = streams::kMatch;

  MatchId match_id;
  Tenant tenant;
  Mode mode;
  Region region;
  std::optional<int> winning_team;
  double duration_seconds = 0;
  TimePoint started_at;
  TimePoint ended_at;
  bool rated = true;  ///< false: the mode is unrated; a draw between equals can leave ratings alone in any mode
  std::vector<std::vector<RatedPlayer>> teams;
};

template <class F>
void describe(F& f, MatchRated& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("winning_team", m.winning_team, fields::Nullable{}, fields::Optional{});
  f("duration_seconds", m.duration_seconds, fields::Decimals{3});
  f("started_at", m.started_at);
  f("ended_at", m.ended_at);
  f("rated", m.rated, fields::Optional{});
  f("teams", m.teams);
}

enum class CloseReason { cancelled, timed_out, no_server };

template <>
struct EnumText<CloseReason> {
  static constexpr std::array<std::pair<CloseReason, std::string_view>, 3> kAll{{
      {CloseReason::cancelled, "cancelled"},
      {CloseReason::timed_out, "timed_out"},
      {CloseReason::no_server, "no_server"},
  }};
};

/// A ticket left the queue without a match. By matchmaker.
struct TicketClosed {
  static constexpr Subject kSubject{"ticket.closed"};
  static constexpr Stream kStream = streams::kTicket;

  TicketId ticket_id;
  Tenant tenant;
  std::optional<PartyId> party_id;
  std::vector<PlayerId> players;
  CloseReason reason = CloseReason::cancelled;
};

template <class F>
void describe(F& f, TicketClosed& m) {
  f("ticket_id", m.ticket_id);
  f("tenant", m.tenant);
  f("party_id", m.party_id);
  f("players", m.players);
  f("reason", m.reason);
}

/// The same ticket is searching again after its match was cancelled. By matchmaker.
struct TicketRequeued {
  static constexpr Subject kSubject{"ticket.requeued"};
  static constexpr Stream kStream = streams::kTicket;

  TicketId ticket_id;
  Tenant tenant;
  std::optional<PartyId> party_id;
  std::vector<PlayerId> players;
  MatchId match_id;
  int attempt = 1;
  TimePoint queued_at;
};

template <class F>
void describe(F& f, TicketRequeued& m) {
  f("ticket_id", m.ticket_id);
  f("tenant", m.tenant);
  f("party_id", m.party_id);
  f("players", m.players);
  f("match_id", m.match_id);
  f("attempt", m.attempt);
  f("queued_at", m.queued_at);
}

// Plain events: not stored, for whoever listens.

struct PartyCreated {
  static constexpr Subject kSubject{"party.created"};
  Tenant tenant;
  Party party;
};

template <class F>
void describe(F& f, PartyCreated& m) {
  f("tenant", m.tenant);
  f("party", m.party);
}

struct PartyUpdated {
  static constexpr Subject kSubject{"party.updated"};
  Tenant tenant;
  Party party;
};

template <class F>
void describe(F& f, PartyUpdated& m) {
  f("tenant", m.tenant);
  f("party", m.party);
}

struct PartyDisbanded {
  static constexpr Subject kSubject{"party.disbanded"};
  Tenant tenant;
  PartyId party_id;
};

template <class F>
void describe(F& f, PartyDisbanded& m) {
  f("tenant", m.tenant);
  f("party_id", m.party_id);
}

/// A player's first socket opened, or the last one closed. By gateway.
struct PresenceChanged {
  static constexpr Subject kSubject{"presence.changed"};
  PlayerId player_id;
  Tenant tenant;
  bool connected = false;
};

template <class F>
void describe(F& f, PresenceChanged& m) {
  f("player_id", m.player_id);
  f("tenant", m.tenant);
  f("connected", m.connected);
}

/// Depth of a bucket; at most one a second for each. By matchmaker.
struct QueueChanged {
  static constexpr Subject kSubject{"queue.changed"};
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;
  std::int64_t tickets = 0;
  std::int64_t players = 0;
};

template <class F>
void describe(F& f, QueueChanged& m) {
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("tickets", m.tickets);
  f("players", m.players);
}

/// Every transition of a match's session. By session.
struct SessionStateChanged {
  static constexpr Subject kSubject{"session.state_changed"};
  MatchId match_id;
  Tenant tenant;
  std::optional<MatchStatus> from;
  MatchStatus to = MatchStatus::allocating;
};

template <class F>
void describe(F& f, SessionStateChanged& m) {
  f("match_id", m.match_id);
  f("tenant", m.tenant);
  f("from", m.from);
  f("to", m.to);
}

}  // namespace mm
