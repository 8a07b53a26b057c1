// Waiting for a condition instead of sleeping, and a clock that stands still.
#pragma once

#include <atomic>
#include <functional>

#include "common/base/clock.h"

namespace mm::testing {

/// Polls every few milliseconds until `holds` or the time is up; says which. Generous by default: a green test
/// never waits for all of it.
bool eventually(const std::function<bool()>& holds, Milliseconds within = Milliseconds{30'000});

/// Time as the test sets it. Thread-safe.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(TimePoint start = TimePoint(Milliseconds(1'767'225'600'000)))  // 2026-01-01
      : wall_(start.time_since_epoch().count()) {}

  TimePoint now() const override { return TimePoint(Milliseconds(wall_.load())); }
  SteadyPoint steady() const override { return SteadyPoint(Milliseconds(wall_.load())); }
  void advance(Milliseconds by) { wall_ += by.count(); }

 private:
  std::atomic<std::int64_t> wall_;
};

}  // namespace mm::testing
