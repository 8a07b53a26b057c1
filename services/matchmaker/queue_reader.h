// What this instance knows of the queue: which partitions there are and who owns them, and for those it owns the
// buckets in memory. One look per partition and tick brings it up to date. The tick thread's; not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/bucket_pool.h"
#include "services/matchmaker/lease.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/tick_store.h"

namespace mm::matchmaker {

/// One partition of one tenant. Its buckets are in memory only while the lease is ours.
struct Partition {
  PartitionName name;
  Lease lease;
  std::map<std::string, BucketPool> buckets;
  BucketMs now = 0;       ///< bucket time at the last look; 0: not looked since the lease is ours
  BucketMs before = 0;    ///< at the look before
  SteadyPoint looked_at{};

  bool is_house() const { return name.partition == kHousePartition; }
  void forget();
};

class QueueReader {
 public:
  /// `tape`: takes down what buckets are given, if any.
  /// `address`: where the leases it takes say that their holder can be asked.
  QueueReader(TickStore& store, const runtime::LiveModes& modes, const Clock& clock, Metrics& metrics, Uuid address,
              recording::Tape* tape = nullptr);

  /// Finds new buckets, if `asked` or the last time is a second ago; then looks, takes what nobody owns, and reads
  /// until memory is up to date. False: the queue did not answer.
  bool refresh(bool asked);

  /// Gives everything up, so that others take it at once. For the end, or when we cannot act as an owner should.
  void hand_over();

  std::vector<Partition*> owned();
  struct Held {
    const Partition* partition;
    const BucketPool* bucket;
  };
  /// A bucket of ours that is wholly in memory.
  std::optional<Held> find(const Bucket& bucket) const;
  /// Buckets whose rules have changed since the last call.
  std::vector<std::string> take_changed() { return std::exchange(changed_, {}); }
  /// The lease turned out to be another's.
  void lost(Partition& partition);

 private:
  void follow_modes();
  bool discover();
  std::vector<Partition*> all();
  void keep_partitions(const std::map<PartitionName, std::vector<Bucket>>& wanted);
  std::optional<std::vector<Partition*>> look(const std::vector<Partition*>& at);
  PollAsk ask_of(const Partition& partition) const;
  bool take(const std::vector<Partition*>& free);

  struct Unloaded {
    Partition* partition;
    BucketPool* bucket;
    TicketId ticket;
    bool fresh;  ///< entered the queue since the look before
  };
  void apply(Partition& partition, const PollAsk& ask, const Look& look, std::vector<Unloaded>& unloaded);
  bool load(const std::vector<Unloaded>& unloaded);
  std::optional<RestampAsk> correct(const Unloaded& at, QueueTicket& ticket) const;
  void release(const std::vector<std::pair<PartitionName, std::string>>& held);
  void failed(const storage::RedisError& error);

  TickStore& store_;
  const runtime::LiveModes& modes_;
  std::uint64_t table_version_;      ///< at least this is table_, if not a newer one
  runtime::LiveModes::Table table_;  ///< what all buckets are planned by
  const Clock& clock_;
  Metrics& metrics_;
  std::map<PartitionName, Partition> partitions_;
  std::map<Tenant, std::int64_t> known_buckets_;
  bool stale_ = true;              ///< a look has seen more buckets than we know
  bool taken_ = false;             ///< a partition has become ours, and its buckets are not found yet
  std::optional<SteadyPoint> discovered_at_;
  bool reachable_ = true;
  const Uuid address_;
  std::uint64_t attempts_ = 0;     ///< to take a lease
  recording::Tape* tape_;
  std::vector<std::string> changed_;
};

}  // namespace mm::matchmaker
