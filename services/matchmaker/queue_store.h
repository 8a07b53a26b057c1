// The queue as requests and events change it: any instance may, each call is one script. The keys and scripts are
// described in common/protocol/README.md; what only a bucket's owner does stands in tick_store.h. Thread-safe.
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
#include "services/matchmaker/bucket.h"
#include "services/matchmaker/queue_ticket.h"

namespace mm::matchmaker {

/// Ended tickets answer repeated requests for this long.
inline constexpr Milliseconds kEndedKept{15 * 60 * 1000};
/// A version 7 identifier that is older than this and not known stands for something that ended and was swept.
inline constexpr Milliseconds kUnknownMaxAge{5 * 60 * 1000};

struct QueueLimits {
  std::int64_t bucket_tickets = 200'000;
  std::int64_t tenant_players = 1'000'000;  ///< queued or in a live match
  std::int64_t tenant_buckets = 4'096;
};

/// What the caller was told at the first enqueue, and is told again.
struct FirstAnswer {
  BucketMs queued_at = 0;
  double p50_seconds = 0;
  double p90_seconds = 0;
  double window = 0;
};

/// A checked enqueue.
struct NewTicket {
  TicketId id;
  Tenant tenant;
  std::string content;           ///< hash of what was asked for
  std::vector<TicketPlayer> players;
  std::optional<PartyId> party;
  std::optional<std::int64_t> party_version;
  Mode mode;
  Region region;
  int team_size = 1;
  Latencies latencies;
  std::vector<std::string> buckets;  ///< the best one first
  Milliseconds max_wait{};
  FirstAnswer answer;            ///< queued_at is the script's to say
};

/// Whose a claimed player is.
struct Claim {
  PlayerId player;
  std::optional<TicketId> ticket;
  std::optional<MatchId> match;
};

struct EnqueueResult {
  enum class Kind { queued, same, conflict, expired, claimed, in_party, party_changed, full, failed };
  Kind kind = Kind::failed;
  FirstAnswer answer;            ///< of queued and same
  bool new_bucket = false;
  Claim claim;                   ///< of claimed; of in_party the player
};

/// A ticket to cancel: on whose behalf (nobody: it is not checked), why, and who caused it.
struct Cancellation {
  TicketId ticket;
  std::optional<PlayerId> asks;
  CloseReason reason = CloseReason::cancelled;
  std::optional<PlayerId> caused_by;
};

struct EndResult {
  enum class Kind { ended, already, timed_out, matched, unknown };
  Kind kind = Kind::unknown;
};

/// What a session's row says of a match. `known`: it exists, and nothing is decided yet.
enum class MatchState { known, ready, completed, cancelled };

/// So often a ticket may be left without a server before it ends with the reason no_server.
inline constexpr int kServerlessMost = 3;

struct MatchOutcome {
  Tenant tenant;
  MatchId match;
  MatchState state = MatchState::known;
  CancelReason reason = CancelReason::no_server;  ///< of a cancelled one
  std::vector<TicketId> requeue;                  ///< of a cancelled one: what its session lets search again
};

struct OutcomeResult {
  bool changed = false;                ///< this call has changed something
  std::optional<MatchFound> cancelled; ///< the match, if this call has ended it as cancelled
  std::vector<TicketId> requeued;      ///< of a cancelled one: what does search again
};

struct MakeResult {
  enum class Kind { made, same, claimed, expired };
  Kind kind = Kind::made;
  Claim claim;
};

struct StatusResult {
  QueueTicket ticket;
  BucketMs now = 0;
  std::string owner;             ///< the lease's token of the ticket's partition; empty: nobody's
};

/// A live match as it stands in the queue: `found` is empty where the text is not readable.
struct LiveText {
  bool live = false;
  std::optional<MatchFound> found;
};

/// How long, and how many, ticket events of a tenant can be sent again after the stream has confirmed them.
inline constexpr Milliseconds kSentKept{15 * 60 * 1000};
inline constexpr std::int64_t kSentMost = 50'000;

/// A ticket event on its way to the stream. `entry` is the whole text, by which it is removed.
struct OutboxEvent {
  std::string entry;
  std::string subject;
  std::string message_id;
  std::string body;
};

class QueueStore {
 public:
  QueueStore(storage::Redis& redis, QueueLimits limits) : redis_(redis), limits_(limits) {}

  /// All in one round trip; one result each, in order. Idempotent by ticket id and content.
  storage::RedisResult<std::vector<EnqueueResult>> enqueue(const std::vector<NewTicket>& tickets, Deadline deadline);
  storage::RedisResult<EndResult> cancel(const Tenant& tenant, const Cancellation& cancellation, Deadline deadline);
  /// Idempotent: what was applied is not live any more.
  storage::RedisResult<OutcomeResult> outcome(const MatchOutcome& outcome, Deadline deadline);
  /// All in one round trip; one result each, in order. One that the queue refuses is empty.
  storage::RedisResult<std::vector<std::optional<OutcomeResult>>> outcomes(const std::vector<MatchOutcome>& outcomes,
                                                                           Deadline deadline);
  storage::RedisResult<MakeResult> make_match(const MatchFound& found, Deadline deadline);
  storage::RedisResult<std::optional<StatusResult>> status(const Tenant& tenant, std::optional<TicketId> ticket,
                                                           std::optional<PlayerId> player, Deadline deadline);

  storage::RedisResult<std::vector<Tenant>> tenants(Deadline deadline);
  storage::RedisResult<Done> add_tenant(const Tenant& tenant, Deadline deadline);
  /// Forgets a tenant that has nothing anywhere; it is known again when it queues. True if it was forgotten.
  storage::RedisResult<bool> retire_tenant(const Tenant& tenant, Deadline deadline);
  /// What the owners last measured, of every known bucket.
  storage::RedisResult<std::vector<BucketSummary>> summaries(const Tenant& tenant, Deadline deadline);

  /// Live matches of each tenant that no session has confirmed, oldest first.
  storage::RedisResult<std::vector<std::vector<MatchId>>> unconfirmed(const std::vector<Tenant>& tenants,
                                                                      std::size_t most, Deadline deadline);
  storage::RedisResult<std::vector<std::vector<MatchId>>> live(const std::vector<Tenant>& tenants, Deadline deadline);
  storage::RedisResult<std::vector<LiveText>> live_texts(const std::vector<std::pair<Tenant, MatchId>>& matches,
                                                         Deadline deadline);

  storage::RedisResult<std::vector<OutboxEvent>> outbox(const Tenant& tenant, std::size_t most, Deadline deadline);
  storage::RedisResult<std::int64_t> outbox_length(const Tenant& tenant, Deadline deadline);
  /// The nats-server `server` has confirmed these entries: they can be sent again for kSentKept. How many of the oldest
  /// were given up for that, because there are more than kSentMost.
  storage::RedisResult<std::int64_t> relayed(const Tenant& tenant, const std::string& server,
                                             const std::vector<std::string>& entries, Deadline deadline);
  /// The first events that another server than `server` has confirmed; empty: there are none left.
  storage::RedisResult<std::vector<OutboxEvent>> confirmed_elsewhere(const Tenant& tenant, const std::string& server,
                                                                     std::size_t most, Deadline deadline);
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
