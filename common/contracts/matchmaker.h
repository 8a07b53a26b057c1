// Messages of the matchmaker service: tickets and queues.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/limits.h"
#include "common/contracts/enum_text.h"
#include "common/contracts/fields.h"
#include "common/contracts/names.h"
#include "common/contracts/profile.h"
#include "common/contracts/subjects.h"

namespace mm {

enum class TicketStatus { searching, matched, cancelled, timed_out };

template <>
struct EnumText<TicketStatus> {
  static constexpr std::array<std::pair<TicketStatus, std::string_view>, 4> kAll{{
      {TicketStatus::searching, "SEARCHING"},
      {TicketStatus::matched, "MATCHED"},
      {TicketStatus::cancelled, "CANCELLED"},
      {TicketStatus::timed_out, "TIMED_OUT"},
  }};
};

/// Round-trip times in milliseconds, by region.
using Latencies = std::map<Region, double>;

inline constexpr fields::Count kLatencyCount{0, limits::kMaxLatencyRegions};
inline constexpr fields::InRange kLatencyRange{0, 10'000};

struct TicketPlayer {
  PlayerId player_id;
  double mmr = kInitialMmr;
  double deviation = kInitialDeviation;
};

template <class F>
void describe(F& f, TicketPlayer& m) {
  using namespace fields;
  f("player_id", m.player_id);
  f("mmr", m.mmr, Decimals{2}, Optional{}, InRange{-limits::kMaxRating, limits::kMaxRating});
  f("deviation", m.deviation, Decimals{2}, Optional{}, InRange{0, limits::kMaxDeviation});
}

/// A party (or a single player) that waits for a match, as clients see it.
struct Ticket {
  TicketId ticket_id;
  TicketId queue_entry_id;  ///< the same value as ticket_id
  std::optional<PartyId> party_id;
  TicketStatus status = TicketStatus::searching;
  Mode mode;
  Region region;
  int team_size = 1;
  TimePoint queued_at;
  std::int64_t waited_ms = 0;
  double rating_window = 0;
  double estimated_wait_seconds = 0;      ///< time still to wait, median …
  double estimated_wait_p90_seconds = 0;  ///< … and 90th percentile
  std::optional<MatchId> match_id;
  std::optional<std::vector<TicketPlayer>> players;  ///< only in NATS messages
};

template <class F>
void describe(F& f, Ticket& m) {
  using namespace fields;
  f("ticket_id", m.ticket_id);
  f("queue_entry_id", m.queue_entry_id);
  f("party_id", m.party_id);
  f("status", m.status);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("queued_at", m.queued_at);
  f("waited_ms", m.waited_ms);
  f("rating_window", m.rating_window, Decimals{2});
  f("estimated_wait_seconds", m.estimated_wait_seconds, Decimals{1});
  f("estimated_wait_p90_seconds", m.estimated_wait_p90_seconds, Decimals{1});
  f("match_id", m.match_id);
  f("players", m.players, Internal{});
}

struct Enqueued {
  TicketId ticket_id;
  std::string bucket;  ///< tenant:mode:region:team_size
  TimePoint queued_at;
  double estimated_wait_seconds = 0;
  double estimated_wait_p90_seconds = 0;
  double rating_window = 0;
};

template <class F>
void describe(F& f, Enqueued& m) {
  using namespace fields;
  f("ticket_id", m.ticket_id);
  f("bucket", m.bucket);
  f("queued_at", m.queued_at);
  f("estimated_wait_seconds", m.estimated_wait_seconds, Decimals{1});
  f("estimated_wait_p90_seconds", m.estimated_wait_p90_seconds, Decimals{1}, Optional{});
  f("rating_window", m.rating_window, Decimals{2}, Optional{});
}

/// Puts a ticket into its bucket and claims its players. Idempotent by ticket_id and content.
struct Enqueue {
  static constexpr Subject kSubject{"matchmaker.enqueue"};
  using Answer = Enqueued;

  std::optional<TicketId> ticket_id;
  Tenant tenant = default_tenant();
  std::optional<PartyId> party_id;
  std::optional<std::int64_t> party_version;
  Mode mode;
  Region region;
  std::optional<int> team_size;  ///< absent: the mode's default
  std::vector<TicketPlayer> players;
  std::optional<Latencies> latencies;
};

template <class F>
void describe(F& f, Enqueue& m) {
  using namespace fields;
  f("ticket_id", m.ticket_id);
  f("tenant", m.tenant, Optional{});
  f("party_id", m.party_id);
  f("party_version", m.party_version, InRange{0, 9e15});
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size, InRange{1, limits::kMaxTeamSize});
  f("players", m.players, Count{1, limits::kMaxTeamSize});
  f("latencies", m.latencies, kLatencyCount, kLatencyRange);
}

/// The reason why a ticket left the queue without a match.
enum class CloseReason {
  cancelled,            ///< the player, or the leader of the party, cancelled it
  timed_out,            ///< no match within the mode's max_wait_seconds
  member_disconnected,  ///< a player lost the last connection and did not return in time
  member_left,
  leader_left,
  kicked,
  party_disbanded,
  match_cancelled,  ///< its match was cancelled, and the ticket does not search again
  no_server,        ///< no game server was available for its matches, several times
  queue_reset,      ///< the queue lost data, and it is not known what became of the ticket
};

template <>
struct EnumText<CloseReason> {
  static constexpr std::array<std::pair<CloseReason, std::string_view>, 10> kAll{{
      {CloseReason::cancelled, "cancelled"},
      {CloseReason::timed_out, "timed_out"},
      {CloseReason::member_disconnected, "member_disconnected"},
      {CloseReason::member_left, "member_left"},
      {CloseReason::leader_left, "leader_left"},
      {CloseReason::kicked, "kicked"},
      {CloseReason::party_disbanded, "party_disbanded"},
      {CloseReason::match_cancelled, "match_cancelled"},
      {CloseReason::no_server, "no_server"},
      {CloseReason::queue_reset, "queue_reset"},
  }};
};

struct CancelledTicket {
  TicketId ticket_id;
  TicketStatus status = TicketStatus::cancelled;
};

template <class F>
void describe(F& f, CancelledTicket& m) {
  f("ticket_id", m.ticket_id);
  f("status", m.status);
}

/// Cancels a waiting ticket. A repeated request gets the same answer. already_matched: the ticket is in a match.
/// `reason` and `player_id` (the player who caused it) are passed on to the ticket's players. Both are ignored when the
/// caller is a player.
struct CancelTicket {
  static constexpr Subject kSubject{"matchmaker.cancel"};
  using Answer = CancelledTicket;

  Tenant tenant = default_tenant();
  TicketId ticket_id;
  CloseReason reason = CloseReason::cancelled;
  std::optional<PlayerId> player_id = {};
};

template <class F>
void describe(F& f, CancelTicket& m) {
  f("tenant", m.tenant, fields::Optional{}, fields::Internal{});
  f("ticket_id", m.ticket_id, fields::InPath{});
  f("reason", m.reason, fields::Optional{}, fields::Internal{});
  f("player_id", m.player_id, fields::Internal{});
}

/// Returns one ticket, by its id or by one of its players. Players can only read tickets that include them.
struct GetTicket {
  static constexpr Subject kSubject{"matchmaker.status"};
  using Answer = Ticket;

  Tenant tenant = default_tenant();
  std::optional<TicketId> ticket_id;
  std::optional<PlayerId> player_id;
};

template <class F>
void describe(F& f, GetTicket& m) {
  f("tenant", m.tenant, fields::Optional{}, fields::Internal{});
  f("ticket_id", m.ticket_id, fields::InPath{});
  f("player_id", m.player_id, fields::Internal{});
}

struct MadeMatch {
  MatchId match_id;
};

template <class F>
void describe(F& f, MadeMatch& m) {
  f("match_id", m.match_id);
}

/// Creates a match with the given teams immediately. Claims all players or none. Idempotent by match_id.
struct MakeMatch {
  static constexpr Subject kSubject{"matchmaker.match"};
  using Answer = MadeMatch;

  std::optional<MatchId> match_id;
  Tenant tenant = default_tenant();
  Mode mode;
  Region region;
  std::vector<std::vector<TicketPlayer>> teams;
};

template <class F>
void describe(F& f, MakeMatch& m) {
  using namespace fields;
  f("match_id", m.match_id);
  f("tenant", m.tenant, Optional{});
  f("mode", m.mode);
  f("region", m.region);
  f("teams", m.teams, Count{1, limits::kMaxTeams});
}

/// Expected waits of tickets with about this rating and this many players.
struct WaitOfKind {
  double rating = 0;  ///< as used in matching, including the mode's offset for parties
  int players = 1;
  std::int64_t wait_p50_ms = 0;
  std::int64_t wait_p90_ms = 0;

  bool operator==(const WaitOfKind&) const = default;
};

template <class F>
void describe(F& f, WaitOfKind& m) {
  using namespace fields;
  f("rating", m.rating, Decimals{0});
  f("players", m.players);
  f("wait_p50_ms", m.wait_p50_ms);
  f("wait_p90_ms", m.wait_p90_ms);
}

struct BucketSummary {
  Tenant tenant;
  Mode mode;
  Region region;
  int team_size = 1;
  std::int64_t tickets = 0;
  std::int64_t players = 0;
  std::int64_t oldest_wait_ms = 0;
  std::int64_t matches_last_minute = 0;
  std::int64_t wait_p50_ms = 0;
  std::int64_t wait_p90_ms = 0;
  std::vector<WaitOfKind> waits;  ///< by rating and size, only where the bucket's owner has recent data
  std::string owner;
};

template <class F>
void describe(F& f, BucketSummary& m) {
  f("tenant", m.tenant);
  f("mode", m.mode);
  f("region", m.region);
  f("team_size", m.team_size);
  f("tickets", m.tickets);
  f("players", m.players);
  f("oldest_wait_ms", m.oldest_wait_ms);
  f("matches_last_minute", m.matches_last_minute);
  f("wait_p50_ms", m.wait_p50_ms);
  f("wait_p90_ms", m.wait_p90_ms);
  f("waits", m.waits, fields::Optional{}, fields::Count{0, 64});
  f("owner", m.owner);
}

struct QueueSummary {
  std::vector<BucketSummary> buckets;
};

template <class F>
void describe(F& f, QueueSummary& m) {
  f("buckets", m.buckets);
}

/// Returns every bucket of one tenant, or of all tenants.
struct GetQueues {
  static constexpr Subject kSubject{"matchmaker.queues"};
  using Answer = QueueSummary;

  std::optional<Tenant> tenant;
};

template <class F>
void describe(F& f, GetQueues& m) {
  f("tenant", m.tenant, fields::InQuery{});
}

}  // namespace mm
