// What this instance knows of the queue: which partitions there are and who owns them, and for those it owns the
// buckets in memory. The tick thread's; not thread-safe.
//
// One read per tick tells in which tenants something has changed, and which instances live. Only the partitions of
// changed tenants are looked at then, and those whose owner is gone; all others once in kLookEvery. So a tenant in which
// nothing happens costs next to nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/bucket_pool.h"
#include "services/matchmaker/core/commit_gate.h"
#include "services/matchmaker/lease.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/pulses.h"
#include "services/matchmaker/tick_store.h"

namespace mm::matchmaker {

/// One partition of one tenant. Its buckets are in memory only while the lease is ours.
struct Partition {
  PartitionName name;
  Lease lease;
  std::map<std::string, BucketPool> buckets;
  BucketMs now = 0;         ///< bucket time of this tick; 0: not looked since the lease is ours
  BucketMs looked_now = 0;  ///< bucket time at the last look
  BucketMs before = 0;      ///< at the look before
  SteadyPoint looked_at{};
  std::optional<std::int64_t> looked_change;  ///< the tenant's newest change at the last look; none: look at once
  std::int64_t unconfirmed = 0;               ///< matches of the tenant, at the last look
  BucketMs oldest_unconfirmed = 0;

  bool is_house() const { return name.partition == kHousePartition; }
  void forget();
};

class QueueReader {
 public:
  /// An idle partition is looked at this often.
  static constexpr Milliseconds kLookEvery{30'000};

  /// `tape`: takes down what buckets are given, if any.
  /// `address`: where the leases it takes say that their holder can be asked.
  QueueReader(TickStore& store, const runtime::LiveModes& modes, const Clock& clock, Metrics& metrics, Uuid address,
              recording::Tape* tape = nullptr);

  /// Reads what has changed, takes what nobody owns, and reads until memory is up to date. `asked`: a bucket was opened
  /// through this instance. False: the queue did not answer.
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
  /// Of all tenants of which we own something.
  Unconfirmed unconfirmed() const;
  /// Buckets whose rules have changed since the last call.
  std::vector<std::string> take_changed() { return std::exchange(changed_, {}); }
  /// Tenants in which something has changed, and those that are gone, since the last call.
  std::vector<Tenant> take_touched() { return std::exchange(touched_, {}); }
  std::vector<Tenant> take_gone() { return std::exchange(gone_, {}); }
  /// Whether a lease was won or lost since the last call.
  bool take_ownership_changed() { return std::exchange(ownership_changed_, false); }
  /// The lease turned out to be another's.
  void lost(Partition& partition);

 private:
  struct OfTenant {
    std::int64_t change = 0;               ///< the newest one
    std::vector<Bucket> buckets;
    std::int64_t known_buckets = 0;        ///< with entries that are no buckets
    bool listed = false;                   ///< false: `buckets` must be read
    std::int64_t listed_change = 0;
    SteadyPoint listed_at{};
  };

  void follow_modes();
  bool pulse(bool asked);
  void take_tenants(const std::vector<Tenant>& tenants);
  bool list_buckets(bool asked);
  void keep_partitions(const Tenant& tenant, const std::vector<Bucket>& buckets);
  void drop_tenant(const Tenant& tenant);
  void look_at_all_of_ours();
  std::vector<Partition*> due();
  bool owner_needs_a_look(const Partition& partition) const;
  bool may_take(const Partition& partition) const;
  std::optional<std::vector<Partition*>> look(const std::vector<Partition*>& at);
  PollAsk ask_of(const Partition& partition) const;
  bool take(const std::vector<Partition*>& free);
  void advance();

  struct Unloaded {
    Partition* partition;
    BucketPool* bucket;
    TicketId ticket;
    bool fresh;  ///< entered the queue since the look before
  };
  void apply(Partition& partition, const PollAsk& ask, const Look& look, std::vector<Unloaded>& unloaded);
  bool load(const std::vector<Unloaded>& unloaded);
  std::optional<RestampAsk> correct(const Unloaded& at, QueueTicket& ticket) const;
  std::vector<Partition*> behind(const std::vector<Partition*>& at, const std::vector<Look>& looks);
  void release(const std::vector<std::pair<PartitionName, std::string>>& held);
  void failed(const storage::RedisError& error);

  TickStore& store_;
  const runtime::LiveModes& modes_;
  std::uint64_t table_version_;      ///< at least this is table_, if not a newer one
  runtime::LiveModes::Table table_;  ///< what all buckets are planned by
  const Clock& clock_;
  Metrics& metrics_;
  std::map<PartitionName, Partition> partitions_;
  std::map<Tenant, OfTenant> tenants_;
  Pulses pulses_;
  bool taken_ = false;             ///< a partition has become ours, and its buckets are not in memory yet
  std::optional<SteadyPoint> discovered_at_;
  std::optional<SteadyPoint> pulsed_at_;
  bool reachable_ = true;
  const Uuid address_;
  std::uint64_t attempts_ = 0;     ///< to take a lease
  recording::Tape* tape_;
  std::vector<std::string> changed_;
  std::vector<Tenant> touched_;
  std::vector<Tenant> gone_;
  bool ownership_changed_ = true;
};

}  // namespace mm::matchmaker
