// Snapshot requests: any thread may request a copy of a ticket and its neighbourhood. The tick thread, which owns the
// pools, makes the copies at the end of a tick that began after the request, so all tickets queued before the request
// are counted. An answer takes a tick, and a tick makes at most kMaxCopiesPerTick copies.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "common/base/mutex.h"
#include "services/matchmaker/matching/explain/forecast.h"
#include "services/matchmaker/matching/explain/neighbourhood.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/partition_owner.h"

namespace mm::matchmaker {

/// A waiting ticket, as copied from its owner's memory at the end of a tick.
struct TicketSnapshot {
  Bucket bucket;
  matching::PoolTicket ticket;
  BucketMs now = 0;
  /// Empty if the ticket's mode was removed from the mode table, so that no tickets are matched there any more.
  std::optional<matching::Neighbourhood> around;
  matching::TickTimes ticks;
};

class SnapshotRequests {
 public:
  /// Called once, on any thread (usually the tick thread); it must only pass the result on. An empty result means that
  /// the ticket does not wait here, and should be looked up again.
  using Callback = std::function<void(std::optional<TicketSnapshot>)>;

  explicit SnapshotRequests(Metrics& metrics) : metrics_(metrics) {}

  /// Thread-safe. A request that is handled after its `deadline` gets an empty result.
  void put(Bucket bucket, TicketId ticket, Deadline deadline, Callback callback);

  // Tick thread only:
  /// Call before the queue is read.
  void begin_tick();
  /// Call after the tick has planned. `next`: the time from this tick's poll of the queue to the next one.
  void end_tick(const PartitionOwner& owner, Milliseconds next, Milliseconds interval);
  /// Call instead of end_tick() if the tick failed: all requests get an empty result.
  void reject_all();
  /// From now on all requests get an empty result.
  void close();

  static constexpr std::size_t kMaxCopiesPerTick = 32;

 private:
  struct Request {
    Bucket bucket;
    TicketId ticket;
    Deadline deadline;
    Callback callback;
  };
  std::optional<TicketSnapshot> copy(const PartitionOwner::OwnedBucket& at, TicketId ticket,
                                     const matching::TickTimes& from_now);

  Metrics& metrics_;
  std::vector<Request> due_;  // tick thread only
  Mutex mutex_;
  std::vector<Request> requests_ GUARDED_BY(mutex_);
  bool closed_ GUARDED_BY(mutex_) = false;
};

}  // namespace mm::matchmaker
