// What requests want to see of the pools, and how they get it: any thread drops a wish, the tick thread, which owns the
// pools, makes copies at the end of a tick that has begun since. So whoever was queued before somebody asked is
// counted, an answer takes a tick, and no tick is longer by more than kCopiesATick copies.
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

/// A waiting ticket as its owner's memory had it at the end of a tick.
struct Sighting {
  Bucket bucket;
  PoolTicket ticket;
  BucketMs now = 0;
  /// Nothing: its mode has left the mode table, so nobody is matched there any more.
  std::optional<Neighbourhood> around;
  TickTimes ticks;
};

class ExplainBox {
 public:
  /// With nothing: the ticket does not wait here, so look again where it is. Called once, on any thread (mostly the
  /// tick's), and only to hand over.
  using Taker = std::function<void(std::optional<Sighting>)>;

  explicit ExplainBox(Metrics& metrics) : metrics_(metrics) {}

  /// Thread-safe. After `deadline` nothing is looked for.
  void put(Bucket bucket, TicketId ticket, Deadline deadline, Taker taker);

  // The tick thread's:
  /// Before the queue is read.
  void begin_tick();
  /// After the tick has planned. `next`: when the next tick looks at the queue, counted from this tick's look.
  void end_tick(const QueueReader& reader, Milliseconds next, Milliseconds interval);
  /// Instead, when it has not: everybody goes away with nothing.
  void turn_away();
  /// From now on nobody gets anything.
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
  std::vector<Wish> due_;  // the tick thread's
  std::mutex mutex_;
  std::vector<Wish> wishes_;  // guarded by mutex_
  bool closed_ = false;       // guarded by mutex_
};

}  // namespace mm::matchmaker
