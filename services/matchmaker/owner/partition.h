// One partition of one tenant, as an instance sees it. Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "services/matchmaker/owner/bucket_state.h"
#include "services/matchmaker/owner/lease.h"
#include "services/matchmaker/owner/partition_clock.h"

namespace mm::matchmaker {

/// Its buckets are in memory only while this instance holds the lease.
struct Partition {
  PartitionName name;
  Lease lease;
  std::map<std::string, BucketState> buckets;
  PartitionClock clock;                       ///< while the lease is ours
  SteadyPoint polled_at{};                    ///< also by a poll that found another owner
  std::optional<std::int64_t> polled_change;  ///< the tenant's newest change at the last poll; none: poll at once
  std::int64_t unconfirmed = 0;               ///< unconfirmed matches of the tenant at the last poll
  BucketMs oldest_unconfirmed = 0;

  bool is_maintenance() const { return name.partition == kMaintenancePartition; }
  void forget() {
    buckets.clear();
    clock.forget();
    polled_change.reset();
    unconfirmed = 0;
  }
};

}  // namespace mm::matchmaker
