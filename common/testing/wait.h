// Waits for a condition, so that tests need not sleep; and a clock that only the test advances.
#pragma once

#include <atomic>
#include <functional>

#include "common/base/clock.h"

namespace mm::testing {

/// Polls every 3 ms until `holds` returns true. False if it does not within the time. The default is long: a test that
/// passes does not wait for all of it.
bool eventually(const std::function<bool()>& holds, Milliseconds within = Milliseconds{30'000});

/// A clock that stands still until the test advances it. Thread-safe.
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
