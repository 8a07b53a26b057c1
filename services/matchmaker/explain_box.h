// Snapshot requests: any thread may request a copy of a ticket and its neighbourhood. The tick thread, which owns the
// pools, makes the copies at the end of a tick that began after the request, so all tickets queued before the request
// are counted. An answer takes a tick, and a tick makes at most kCopiesATick copies.
#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "services/matchmaker/core/forecast.h"
#include "services/matchmaker/core/neighbourhood.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/queue_reader.h"

namespace mm::matchmaker {

/// A waiting ticket, as copied from its owner's memory at the end of a tick.
struct Sighting {
  Bucket bucket;
  PoolTicket ticket;
  BucketMs now = 0;
  /// Empty if the ticket's mode was removed from the mode table, so that no tickets are matched there any more.
  std::optional<Neighbourhood> around;
  TickTimes ticks;
};

class ExplainBox {
 public:
  /// Called once, on any thread (usually the tick thread); it must only pass the result on. An empty result means that
  /// the ticket does not wait here, and should be looked up again.
  using Taker = std::function<void(std::optional<Sighting>)>;

  explicit ExplainBox(Metrics& metrics) : metrics_(metrics) {}

  /// Thread-safe. A request that is handled after its `deadline` gets an empty result.
  void put(Bucket bucket, TicketId ticket, Deadline deadline, Taker taker);

  // Tick thread only:
  /// Call before the queue is read.
  void begin_tick();
  /// Call after the tick has planned. `next`: the time from this tick's poll of the queue to the next one.
  void end_tick(const QueueReader& reader, Milliseconds next, Milliseconds interval);
  /// Call instead of end_tick() if the tick failed: all requests get an empty result.
  void turn_away();
  /// From now on all requests get an empty result.
  void close();

  static constexpr std::size_t kCopiesATick = 32;

 private:
  struct Wish {
    Bucket bucket;
    TicketId ticket;
    Deadline deadline;
    Taker taker;
  };
  std::optional<Sighting> look_at(const QueueReader::Held& at, TicketId ticket, const TickTimes& from_now);

  Metrics& metrics_;
  std::vector<Wish> due_;  // tick thread only
  std::mutex mutex_;
  std::vector<Wish> wishes_;  // guarded by mutex_
  bool closed_ = false;       // guarded by mutex_
};

}  // namespace mm::matchmaker
