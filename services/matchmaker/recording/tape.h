// Takes down what happens to the planner's pools, as bytes (event.h). The tick thread's; costs it some nanoseconds an
// event and never waits: full pieces go to whoever keeps them, between two events.
//
// A recording can only be followed from a beginning: an empty pool with nothing remembered. When what has been written
// so far can no longer be gone on with (a new file, or a gap), the tape opens anew, and every bucket begins anew on it
// (TapedPool), some at each tick, so that no tick is much longer for it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "services/matchmaker/core/plan.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/recording/event.h"

namespace mm::matchmaker::recording {

class Tape {
 public:
  /// A piece of recording: whole events, some hundred kilobytes.
  using Keep = std::function<void(std::string&& piece)>;
  explicit Tape(Keep keep) : keep_(std::move(keep)) {}

  /// From now on every bucket has to begin anew. What stands on the tape is kept before.
  void open();
  /// Nothing is taken down until open(); what was not handed on is lost.
  void stop();
  bool running() const { return generation_ != 0; }

  /// A tick begins.
  void tick(TimePoint wall);
  /// Nothing was recorded between these.
  void gap(TimePoint from, TimePoint until);
  /// Hands on what has been taken down, however little.
  void flush();

  /// One bucket as the tape knows it. Not on the tape: what is told of it is not taken down.
  struct Track {
    std::uint32_t bucket = 0;
    std::uint64_t generation = 0;  ///< of the tape, when the bucket began on it; 0: never
    BucketMs now = 0;
    std::int64_t change = 0;
  };
  bool on(const Track& track) const { return running() && track.generation == generation_; }
  /// Whether a bucket of so many tickets may begin anew in this tick: one always, then as long as they are few.
  bool may_begin(std::size_t tickets);

  void begin(Track& track, std::string_view name, const ModeRules& rules, bool known);
  void put(Track& track, Slot slot, const PoolTicket& ticket);
  void left(Track& track, Slot slot, Left why);
  void looked(Track& track);
  void planned(Track& track, BucketMs now, const TickPlan& plan);
  void timed(Track& track, BucketMs now, const std::vector<Slot>& expired);
  void end(Track& track);

 private:
  void start(Kind kind, const Track& track);
  void put_now(Track& track, BucketMs now);
  void put_expired(const std::vector<Slot>& expired);
  void close();

  Keep keep_;
  std::string bytes_;
  std::uint64_t generation_ = 0;
  std::uint64_t generations_ = 0;
  std::uint32_t buckets_ = 0;
  std::size_t begun_tickets_ = 0;  ///< in this tick
};

}  // namespace mm::matchmaker::recording
