// What the owner of a bucket reports about it, at most once a second: the summary for matchmaker.queues (written to the
// queue, so that any instance can reply), the event queue.changed, and the gauges. Buckets that have been empty for
// long are retired. Used by the tick thread only; not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/matchmaker/after_commit/match_publisher.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/partition_owner.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class DepthReport {
 public:
  DepthReport(OwnerStore& store, MatchPublisher& publisher, WaitEstimator& waits, const Clock& clock, Metrics& metrics,
              std::string instance);

  /// `matches`: the number of matches of each bucket since the last call.
  void report(const std::vector<Partition*>& owned, const std::map<std::string, std::int64_t>& matches);

 private:
  struct Known {
    BucketSummary written;
    bool is_written = false;
    SteadyPoint written_at{};
    std::deque<std::pair<SteadyPoint, std::int64_t>> matches;  ///< in the last minute
    SteadyPoint empty_since{};
  };
  BucketSummary summarise(const Partition& partition, const BucketState& bucket, Known& known);
  void set_gauges(const std::vector<Partition*>& owned);

  OwnerStore& store_;
  MatchPublisher& publisher_;
  WaitEstimator& wait_estimator_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::string instance_;
  std::map<std::string, Known> known_;
};

}  // namespace mm::matchmaker
