// Request store: how requests and events change the queue. Any instance may call it; each call is one script. Keys and
// scripts are described in common/protocol/README.md. What only a bucket's owner does is in owner_store.h. Thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/events.h"
#include "common/contracts/matchmaker.h"
#include "common/storage/redis.h"
#include "services/matchmaker/queue/bucket.h"
#include "services/matchmaker/queue/ticket_record.h"

namespace mm::matchmaker {

/// Ended tickets are kept for this long, to answer repeated requests.
inline constexpr Milliseconds kEndedRetention{15 * 60 * 1000};
/// An unknown version 7 identifier that is older than this, by the clock of the matchmaker that was asked, belongs to
/// something that ended and was swept.
inline constexpr Milliseconds kUnknownMaxAge{5 * 60 * 1000};

struct QueueLimits {
  std::int64_t bucket_tickets = 200'000;
  std::int64_t tenant_players = 1'000'000;  ///< queued or in a live match
  std::int64_t tenant_buckets = 4'096;
};

/// The reply to the first enqueue, which is repeated for duplicates.
struct FirstAnswer {
  BucketMs queued_at = 0;
  double p50_seconds = 0;
  double p90_seconds = 0;
  double window = 0;
};

/// A validated enqueue.
struct NewTicket {
  TicketId id;
  TimePoint admitted_at;  ///< by the clock of this matchmaker
  Tenant tenant;
  std::string content;  ///< hash of the request's content
  std::vector<TicketPlayer> players;
  std::optional<PartyId> party;
  std::optional<std::int64_t> party_version;
  Mode mode;
  Region region;
  int team_size = 1;
  Latencies latencies;
  std::vector<std::string> buckets;  ///< best one first
  Milliseconds max_wait{};
  FirstAnswer answer;  ///< queued_at is set by the script
};

/// The ticket or match that holds a player.
struct Claim {
  PlayerId player;
  std::optional<TicketId> ticket;
  std::optional<MatchId> match;
};

struct EnqueueResult {
  enum class Kind { queued, same, conflict, expired, claimed, in_party, party_changed, full, failed };
  Kind kind = Kind::failed;
  FirstAnswer answer;  ///< for queued and same
  bool new_bucket = false;
  Claim claim;  ///< for claimed; for in_party only the player
};

/// A ticket to cancel: for which player (none: the right to cancel is not checked), why, and which player caused it.
struct Cancellation {
  TicketId ticket;
  std::optional<PlayerId> requested_by;
  CloseReason reason = CloseReason::cancelled;
  std::optional<PlayerId> caused_by;
};

struct EndResult {
  enum class Kind { ended, already, timed_out, matched, unknown };
  Kind kind = Kind::unknown;
};

/// The state of a match in session's table. `known`: the row exists, and nothing is decided yet.
enum class OutcomeKind { known, ready, completed, cancelled };

/// After this many matches without a server, a ticket ends with the reason no_server.
inline constexpr int kMaxServerlessMatches = 3;

struct MatchOutcome {
  Tenant tenant;
  MatchId match;
  OutcomeKind kind = OutcomeKind::known;
  CancelReason reason = CancelReason::no_server;  ///< if cancelled
  std::vector<TicketId> requeue;                  ///< if cancelled: the tickets that session lets search again
};

struct OutcomeResult {
  bool changed = false;                 ///< this call changed something
  std::optional<MatchFound> cancelled;  ///< the match, if this call ended it as cancelled
  std::vector<TicketId> requeued;       ///< if cancelled: the tickets that search again
};

struct MakeResult {
  enum class Kind { made, same, claimed, over, expired, unverified };
  Kind kind = Kind::made;
  Claim claim;
};

struct StatusResult {
  TicketRecord ticket;
  BucketMs now = 0;
  std::string owner;  ///< lease token of the ticket's partition; empty: no owner
};

/// A live match as stored in the queue. `found` is empty if the stored text cannot be decoded.
struct LiveText {
  bool live = false;
  std::optional<MatchFound> found;
};

/// After the stream has confirmed ticket events of a tenant, they are kept for this long, and at most this many, so
/// that they can be sent again.
inline constexpr Milliseconds kSentRetention{15 * 60 * 1000};
inline constexpr std::int64_t kMaxSent = 50'000;

/// A ticket event to be sent to the stream. `entry` is the whole stored text, by which the event is removed.
struct OutboxEvent {
  std::string entry;
  std::string subject;
  std::string message_id;
  std::string body;
};

class RequestStore {
 public:
  RequestStore(storage::Redis& redis, QueueLimits limits) : redis_(redis), limits_(limits) {}

  /// One round trip; one result per ticket, in order. Idempotent by ticket id and content.
  storage::RedisResult<std::vector<EnqueueResult>> enqueue(const std::vector<NewTicket>& tickets, Deadline deadline);
  storage::RedisResult<EndResult> cancel(const Tenant& tenant, const Cancellation& cancellation, Deadline deadline);
  /// Idempotent: after an outcome was applied, the match is not live any more.
  storage::RedisResult<OutcomeResult> outcome(const MatchOutcome& outcome, Deadline deadline);
  /// One round trip; one result per outcome, in order. A result is empty if the queue refused the outcome.
  storage::RedisResult<std::vector<std::optional<OutcomeResult>>> outcomes(const std::vector<MatchOutcome>& outcomes,
                                                                           Deadline deadline);
  /// `run`: the process of redis-server in which the queue was verified; the match is not made in another one.
  storage::RedisResult<MakeResult> make_match(const MatchFound& found, const std::string& run, Deadline deadline);
  storage::RedisResult<std::optional<StatusResult>> status(const Tenant& tenant, std::optional<TicketId> ticket,
                                                           std::optional<PlayerId> player, Deadline deadline);

  storage::RedisResult<std::vector<Tenant>> tenants(Deadline deadline);
  storage::RedisResult<Done> add_tenant(const Tenant& tenant, Deadline deadline);
  /// Removes a tenant without any state in the queue; its next enqueue adds it again. Returns true if it was removed.
  storage::RedisResult<bool> retire_tenant(const Tenant& tenant, Deadline deadline);
  /// The latest measurements of the owners, for every known bucket.
  storage::RedisResult<std::vector<BucketSummary>> summaries(const Tenant& tenant, Deadline deadline);

  /// Live matches of each tenant that session has not confirmed, oldest first.
  storage::RedisResult<std::vector<std::vector<MatchId>>> unconfirmed(const std::vector<Tenant>& tenants,
                                                                      std::size_t limit, Deadline deadline);
  storage::RedisResult<std::vector<std::vector<MatchId>>> live(const std::vector<Tenant>& tenants, Deadline deadline);
  storage::RedisResult<std::vector<LiveText>> live_texts(const std::vector<std::pair<Tenant, MatchId>>& matches,
                                                         Deadline deadline);

  storage::RedisResult<std::vector<OutboxEvent>> outbox(const Tenant& tenant, std::size_t limit, Deadline deadline);
  storage::RedisResult<std::int64_t> outbox_length(const Tenant& tenant, Deadline deadline);
  /// Records that the nats-server `server` has confirmed these entries; they can be sent again for kSentRetention.
  /// Returns how many of the oldest entries were dropped because there were more than kMaxSent.
  storage::RedisResult<std::int64_t> relayed(const Tenant& tenant, const std::string& server,
                                             const std::vector<std::string>& entries, Deadline deadline);
  /// The first events that a server other than `server` confirmed; empty if none are left.
  storage::RedisResult<std::vector<OutboxEvent>> confirmed_elsewhere(const Tenant& tenant, const std::string& server,
                                                                     std::size_t limit, Deadline deadline);
  storage::RedisResult<Done> relayed_again(const Tenant& tenant, const std::string& server,
                                           const std::vector<std::string>& entries, Deadline deadline);

 private:
  storage::RedisResult<bool> is_idle(const Tenant& tenant, Deadline deadline);
  storage::RedisResult<std::vector<std::vector<MatchId>>> ids_in(const std::vector<storage::RedisCommand>& commands,
                                                                 Deadline deadline);
  storage::RedisCommand enqueue_command(const NewTicket& ticket) const;

  storage::Redis& redis_;
  const QueueLimits limits_;
};

}  // namespace mm::matchmaker
