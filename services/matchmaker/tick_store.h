// The queue as owners of partitions read and change it, once a tick, everything of a tick pipelined. Every change
// names the owner's lease token and is refused without it. The keys and scripts are described in
// common/protocol/README.md. Thread-safe; used by the tick thread, with a connection of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/events.h"
#include "common/storage/redis.h"
#include "services/matchmaker/bucket.h"
#include "services/matchmaker/queue_ticket.h"

namespace mm::matchmaker {

/// Entries read of one bucket at a time, and dead ones removed.
inline constexpr std::size_t kEntriesPerLook = 2'000;
/// A difference of the clocks larger than this is a jump, not a delay.
inline constexpr Milliseconds kClockTolerance{2'000};

/// One partition of one tenant.
struct PartitionName {
  Tenant tenant;
  std::string partition;
  friend auto operator<=>(const PartitionName&, const PartitionName&) = default;
};

struct BucketAsk {
  std::string bucket;
  std::int64_t cursor = 0;
  std::vector<TicketId> dead;  ///< known to have ended: remove them
};

struct PollAsk {
  PartitionName name;
  std::string token;           ///< empty: somebody else's, just look
  BucketMs expected = 0;       ///< the bucket time by our own clock; 0: not known
  std::vector<BucketAsk> buckets;
};

struct QueueEntry {
  TicketId id;
  std::int64_t change = 0;
};

struct BucketRead {
  std::int64_t size = 0;       ///< of the whole queue
  std::vector<QueueEntry> entries;
};

struct Look {
  bool mine = false;
  std::string token;           ///< of another owner; empty: nobody's
  std::string beat;
  BucketMs now = 0;            ///< from here on: only when mine
  std::int64_t change = 0;
  std::int64_t known_buckets = 0;
  std::vector<BucketRead> buckets;
  std::int64_t unconfirmed = 0;      ///< matches of the tenant that no session has confirmed
  BucketMs oldest_unconfirmed = 0;   ///< when the oldest of them was committed; 0: there is none
};

struct LeaseAsk {
  PartitionName name;
  std::string token;           ///< as last seen
  std::string beat;
  std::string fresh;           ///< new at each attempt
};

struct LeaseTaken {
  bool taken = false;
  std::string token;
};

/// A match to be committed, with the tickets it was planned with.
struct CommitAsk {
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
  TicketId ticket;             ///< of refused: the first that does not fit …
  TicketState state = TicketState::missing;
  int attempt = 0;
  std::int64_t change = 0;     ///< … and what it is by now
};

struct ExpireAsk {
  PartitionName name;
  std::string token;
  TicketId ticket;
};

enum class ExpireResult { ended, gone, early, lost, failed };

struct RestampAsk {
  PartitionName name;
  std::string token;
  TicketId ticket;
  int attempt = 0;
  Milliseconds by{};
};

/// What every instance reads once a tick, whatever it owns.
struct PulseRead {
  std::map<Uuid, std::int64_t> pulses;   ///< of all instances, after ours was raised
  std::vector<std::int64_t> changes;     ///< the newest change of each tenant asked for; 0: none yet
  std::optional<std::vector<Tenant>> tenants;
};

struct BucketOwned {
  PartitionName name;
  std::string token;
  std::string bucket;
};

class TickStore {
 public:
  explicit TickStore(storage::Redis& redis) : redis_(redis) {}

  /// Raises our own number and reads what has changed, in one round trip. `list_tenants`: all known ones, too.
  storage::RedisResult<PulseRead> pulse(Uuid address, const std::vector<Tenant>& tenants, bool list_tenants,
                                        Deadline deadline);
  /// Instances that are no more, or that own nothing.
  storage::RedisResult<Done> forget_pulses(const std::vector<Uuid>& addresses, Deadline deadline);
  struct Buckets {
    std::vector<Bucket> known;
    std::int64_t size = 0;  ///< with entries that are no buckets
  };
  storage::RedisResult<std::vector<Buckets>> buckets(const std::vector<Tenant>& tenants, Deadline deadline);

  storage::RedisResult<std::vector<Look>> poll(const std::vector<PollAsk>& asks, Deadline deadline);
  storage::RedisResult<std::vector<QueueTicket>> load(const std::vector<std::pair<Tenant, TicketId>>& tickets,
                                                      Deadline deadline);

  storage::RedisResult<std::vector<LeaseTaken>> take_leases(const std::vector<LeaseAsk>& asks, Deadline deadline);
  storage::RedisResult<Done> release_leases(const std::vector<std::pair<PartitionName, std::string>>& held,
                                            Deadline deadline);

  struct Decided {
    std::vector<CommitResult> commits;
    std::vector<ExpireResult> expired;
  };
  /// Expiries first, then commits, in one round trip; one result each, in order.
  storage::RedisResult<Decided> decide(const std::vector<CommitAsk>& commits, const std::vector<ExpireAsk>& expired,
                                       Deadline deadline);
  storage::RedisResult<Done> restamp(const std::vector<RestampAsk>& asks, Deadline deadline);

  storage::RedisResult<Done> write_summaries(const std::vector<BucketSummary>& summaries, Deadline deadline);
  /// Forgets buckets that are empty.
  storage::RedisResult<Done> retire(const std::vector<BucketOwned>& buckets, Deadline deadline);
  /// Deletes tickets that ended more than kEndedKept ago; how many.
  storage::RedisResult<std::int64_t> sweep(const PartitionName& name, const std::string& token, Deadline deadline);

 private:
  storage::Redis& redis_;
};

}  // namespace mm::matchmaker
