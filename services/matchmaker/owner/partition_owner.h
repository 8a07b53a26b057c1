// Partition owner: acquires the leases of partitions, and keeps the buckets of the owned partitions in memory. Used by
// the tick thread only; not thread-safe.
//
// One read per tick tells which tenants changed, and which instances are alive. Only the partitions of changed tenants
// and the partitions whose owner may have stopped are polled then; all others are polled once in kPollInterval. So a
// tenant without changes costs almost nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/runtime/live_modes.h"
#include "services/matchmaker/generation/verifier.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/change_numbers.h"
#include "services/matchmaker/owner/commit_gate.h"
#include "services/matchmaker/owner/partition.h"
#include "services/matchmaker/owner/pulses.h"
#include "services/matchmaker/owner/ticket_loader.h"
#include "services/matchmaker/queue/owner_store.h"

namespace mm::matchmaker {

class PartitionOwner {
 public:
  /// An idle partition is polled this often.
  static constexpr Milliseconds kPollInterval{30'000};

  struct Parts {
    OwnerStore& store;
    QueueVerifier& verifier;
    const runtime::LiveModes& modes;
    const Clock& clock;
    Metrics& metrics;
    Uuid address;  ///< written into acquired leases, so that other instances can send requests to their holder
    recording::EventEncoder* encoder = nullptr;  ///< records the changes of buckets; may be null
  };
  explicit PartitionOwner(const Parts& parts);

  /// Reads what has changed, acquires partitions without an owner, and reads until memory is up to date.
  /// `bucket_opened`: a bucket was opened through this instance. Returns false if the queue did not answer, or is not
  /// verified (generation/verifier.h).
  bool refresh(bool bucket_opened);

  /// Releases all leases, so that others acquire them at once. For shutdown, or when this instance cannot act as owner.
  void hand_over();

  std::vector<Partition*> owned();
  /// The buckets with tickets of the owned partitions. Valid from a successful refresh() to the next change.
  using Buckets = std::vector<std::pair<const Partition*, BucketState*>>;
  const Buckets& buckets_with_tickets() const { return buckets_with_tickets_; }
  struct OwnedBucket {
    const Partition* partition;
    const BucketState* bucket;
  };
  /// The bucket, if this instance owns it and has it completely in memory.
  std::optional<OwnedBucket> find(const Bucket& bucket) const;
  /// Unconfirmed matches of all tenants of which this instance owned a partition at the last successful refresh().
  Unconfirmed unconfirmed() const { return unconfirmed_; }
  /// Buckets whose rules have changed since the last call.
  std::vector<std::string> take_changed_buckets() { return std::exchange(changed_buckets_, {}); }
  /// Tenants with changes, and tenants that were removed, since the last call.
  std::vector<Tenant> take_changed_tenants() { return std::exchange(changed_tenants_, {}); }
  std::vector<Tenant> take_removed_tenants() { return std::exchange(removed_tenants_, {}); }
  /// Whether a lease was acquired or lost since the last call.
  bool take_ownership_changed() { return std::exchange(ownership_changed_, false); }
  /// Call when the queue reports that another instance holds the lease.
  void lost(Partition& partition);

 private:
  struct OfTenant {
    std::int64_t change = 0;  ///< the newest change number
    std::vector<Bucket> buckets;
    std::int64_t known_buckets = 0;  ///< size of the tenant's set, including entries that are not valid bucket names
    bool listed = false;             ///< false: `buckets` must be read
    std::int64_t listed_change = 0;
    SteadyPoint listed_at{};
  };

  void follow_modes();
  bool pulse(bool bucket_opened);
  bool follow_generation(const GenerationRead& read);
  void follow_tenants(const std::vector<Tenant>& tenants);
  bool list_buckets(bool bucket_opened);
  void keep_partitions(const Tenant& tenant, const std::vector<Bucket>& buckets);
  void drop_tenant(const Tenant& tenant);
  void poll_all_of_ours();
  std::vector<Partition*> due();
  bool owner_needs_a_poll(const Partition& partition) const;
  bool may_acquire(const Partition& partition) const;
  std::optional<std::vector<Partition*>> poll(const std::vector<Partition*>& at);
  PollRequest request_of(const Partition& partition) const;
  bool acquire(const std::vector<Partition*>& unowned);
  void finish_refresh();
  void add_unconfirmed(const Partition& partition);

  void apply(Partition& partition, const PollRequest& request, const PollResult& result,
             std::vector<FoundTicket>& found);
  std::vector<Partition*> behind(const std::vector<Partition*>& at, const std::vector<PollResult>& results);
  void release(const std::vector<std::pair<PartitionName, std::string>>& held);
  void failed(const storage::RedisError& error);

  OwnerStore& store_;
  QueueVerifier& verifier_;
  const runtime::LiveModes& modes_;
  std::uint64_t table_version_;      ///< read before table_, so table_ has this version or a newer one
  runtime::LiveModes::Table table_;  ///< the rules of all buckets
  const Clock& clock_;
  Metrics& metrics_;
  TicketLoader loader_;
  std::map<PartitionName, Partition> partitions_;
  std::map<Tenant, OfTenant> tenants_;
  ChangeNumbers changes_;
  Pulses pulses_;
  bool acquired_ = false;  ///< a partition was acquired, and its buckets are not in memory yet
  Buckets buckets_with_tickets_;
  Unconfirmed unconfirmed_;
  std::optional<SteadyPoint> discovered_at_;
  std::optional<SteadyPoint> pulsed_at_;
  std::int64_t generation_ = 0;  ///< its number; 0: none was accepted yet
  bool reachable_ = true;
  const Uuid address_;
  std::uint64_t attempts_ = 0;  ///< attempts to acquire a lease; each has a number of its own
  recording::EventEncoder* encoder_;
  std::vector<std::string> changed_buckets_;
  std::vector<Tenant> changed_tenants_;
  std::vector<Tenant> removed_tenants_;
  bool ownership_changed_ = true;
};

}  // namespace mm::matchmaker
