// What the owner of a bucket reports about it, at most once a second: the summary for matchmaker.queues (written to the
// queue, so that any instance can reply), the event queue.changed, and the gauges. Buckets that have been empty for
// long are retired. Used by the tick thread only; not thread-safe.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/publisher.h"
#include "services/matchmaker/queue_reader.h"
#include "services/matchmaker/tick_store.h"
#include "services/matchmaker/wait_board.h"

namespace mm::matchmaker {

class DepthReport {
 public:
  DepthReport(TickStore& store, Publisher& publisher, WaitBoard& waits, const Clock& clock, Metrics& metrics,
              std::string instance);

  /// `matches`: the number of matches of each bucket since the last call.
  void report(const std::vector<Partition*>& owned, const std::map<std::string, std::int64_t>& matches);

 private:
  struct Known {
    BucketSummary written;
    bool ever = false;
    SteadyPoint written_at{};
    std::deque<std::pair<SteadyPoint, std::int64_t>> matches;  ///< in the last minute
    SteadyPoint empty_since{};
  };
  BucketSummary summarise(const Partition& partition, const BucketPool& bucket, Known& known);
  void set_gauges(const std::vector<Partition*>& owned);

  TickStore& store_;
  Publisher& publisher_;
  WaitBoard& waits_;
  const Clock& clock_;
  Metrics& metrics_;
  const std::string instance_;
  std::map<std::string, Known> known_;
};

}  // namespace mm::matchmaker
