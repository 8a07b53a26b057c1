// Owner store: how the owners of partitions read and change the queue, once a tick, all commands of a tick pipelined.
// Each change carries the owner's lease token and is refused if the token is not the current one. Keys and scripts are
// described in common/protocol/README.md. Thread-safe, except for use(); the tick thread uses it with a connection of
// its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/events.h"
#include "common/storage/redis.h"
#include "services/matchmaker/queue/bucket.h"
#include "services/matchmaker/queue/generation_store.h"
#include "services/matchmaker/queue/ticket_record.h"

namespace mm::matchmaker {

/// Limit of entries read from one bucket per poll, and of dead entries removed.
inline constexpr std::size_t kEntriesPerPoll = 2'000;
/// A larger difference between two clocks is a jump, not a delay.
inline constexpr Milliseconds kClockTolerance{2'000};

/// One partition of one tenant.
struct PartitionName {
  Tenant tenant;
  std::string partition;
  friend auto operator<=>(const PartitionName&, const PartitionName&) = default;
};

struct BucketPoll {
  std::string bucket;
  std::int64_t cursor = 0;
  std::vector<TicketId> dead;  ///< known to have ended: removed from the queue by the poll
};

struct PollRequest {
  PartitionName name;
  std::string token;           ///< empty: the lease is not ours, only its state is read
  Milliseconds correction{0};  ///< added to bucket time, if the last poll that the queue has seen had this `beat`
  std::int64_t beat = 0;
  std::vector<BucketPoll> buckets;
};

struct QueueEntry {
  TicketId id;
  std::int64_t change = 0;
};

struct BucketRead {
  std::int64_t size = 0;  ///< of the whole queue of the bucket
  std::vector<QueueEntry> entries;
};

struct PollResult {
  bool mine = false;
  std::string token;  ///< of another owner; empty: no owner
  std::string beat;
  BucketMs now = 0;  ///< this and the following members are set only when mine
  std::int64_t own_beat = 0;
  std::int64_t change = 0;
  std::int64_t known_buckets = 0;
  std::vector<BucketRead> buckets;
  std::int64_t unconfirmed = 0;     ///< matches of the tenant that session has not confirmed
  BucketMs oldest_unconfirmed = 0;  ///< bucket time when the oldest of them was committed; 0: there is none
};

struct LeaseRequest {
  PartitionName name;
  std::string token;  ///< as read at the last poll
  std::string beat;
  std::string fresh;  ///< new identifier of this attempt
};

struct LeaseResult {
  bool acquired = false;
  std::string token;
};

/// A match to be committed, and the tickets it was planned with.
struct CommitRequest {
  PartitionName name;
  std::string token;
  std::string bucket;
  MatchFound found;
  struct Seat {
    TicketId ticket;
    int attempt = 0;
    std::int64_t change = 0;
    BucketMs waited = 0;
    double rating = 0;
    int size = 1;
  };
  std::vector<Seat> seats;
};

struct CommitResult {
  enum class Kind { ok, refused, lost, failed };
  Kind kind = Kind::failed;
  TicketId ticket;  ///< if refused: the first ticket that does not fit
  TicketState state = TicketState::missing;
  int attempt = 0;
  std::int64_t change = 0;  ///< state, attempt and change: the present ones of that ticket
};

struct ExpireRequest {
  PartitionName name;
  std::string token;
  TicketId ticket;
};

enum class ExpireResult { ended, gone, early, lost, failed };

struct RestampRequest {
  PartitionName name;
  std::string token;
  TicketId ticket;
  int attempt = 0;
  Milliseconds by{};
};

/// What each instance reads once a tick, whatever it owns.
struct PulseRead {
  GenerationRead generation;
  std::map<Uuid, std::int64_t> pulses;  ///< of all instances, after our own was raised
  std::vector<std::int64_t> changes;    ///< newest change number of each tenant of the query; 0: none yet
};

/// The commands of that read, kept for as long as the tenants are the same: with a thousand tenants, building the names
/// of the keys takes longer than reading them.
class PulseQuery {
 public:
  PulseQuery(Uuid address, std::vector<Tenant> tenants);
  const std::vector<Tenant>& tenants() const { return tenants_; }

 private:
  friend class OwnerStore;
  std::vector<storage::RedisCommand> commands_;
  std::vector<Tenant> tenants_;
};

struct BucketOwned {
  PartitionName name;
  std::string token;
  std::string bucket;
};

class OwnerStore {
 public:
  explicit OwnerStore(storage::Redis& redis) : redis_(redis) {}

  /// Sets the queue in which leases are acquired and matches are committed. Before the first call, and after
  /// redis-server was started again, both are refused.
  void use(const VerifiedQueue& queue);

  /// Raises our own number and reads what has changed, in one round trip.
  storage::RedisResult<PulseRead> pulse(const PulseQuery& query, Deadline deadline);
  /// Every tenant that may have state in the queue.
  storage::RedisResult<std::vector<Tenant>> tenants(Deadline deadline);
  /// Deletes the numbers of instances that have ended or own nothing.
  storage::RedisResult<Done> forget_pulses(const std::vector<Uuid>& addresses, Deadline deadline);
  struct Buckets {
    std::vector<Bucket> known;
    std::int64_t size = 0;  ///< including entries that are not valid bucket names
  };
  storage::RedisResult<std::vector<Buckets>> buckets(const std::vector<Tenant>& tenants, Deadline deadline);

  storage::RedisResult<std::vector<PollResult>> poll(const std::vector<PollRequest>& requests, Deadline deadline);
  storage::RedisResult<std::vector<TicketRecord>> load(const std::vector<std::pair<Tenant, TicketId>>& tickets,
                                                       Deadline deadline);

  storage::RedisResult<std::vector<LeaseResult>> acquire_leases(const std::vector<LeaseRequest>& requests,
                                                                Deadline deadline);
  storage::RedisResult<Done> release_leases(const std::vector<std::pair<PartitionName, std::string>>& held,
                                            Deadline deadline);

  struct Decided {
    std::vector<CommitResult> commits;
    std::vector<ExpireResult> expired;
  };
  /// Expires first, then commits, in one round trip. One result for each, in order.
  storage::RedisResult<Decided> decide(const std::vector<CommitRequest>& commits,
                                       const std::vector<ExpireRequest>& expired, Deadline deadline);
  storage::RedisResult<Done> restamp(const std::vector<RestampRequest>& requests, Deadline deadline);

  storage::RedisResult<Done> write_summaries(const std::vector<BucketSummary>& summaries, Deadline deadline);
  /// Removes empty buckets from the tenant's set.
  storage::RedisResult<Done> retire(const std::vector<BucketOwned>& buckets, Deadline deadline);
  /// Deletes tickets that ended more than kEndedRetention ago. Returns their number.
  storage::RedisResult<std::int64_t> sweep(const PartitionName& name, const std::string& token, TimePoint now,
                                           Deadline deadline);

 private:
  void saw_epoch(std::string_view token);

  storage::Redis& redis_;
  VerifiedQueue queue_;
  std::int64_t highest_epoch_ = 0;  ///< in a token that this instance has seen
};

}  // namespace mm::matchmaker
