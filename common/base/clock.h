// Clocks, time points and deadlines. Wall time (TimePoint) is for display and storage. Waits, ages and deadlines use
// the monotonic clock. Pure decision code takes the time as an argument and never reads a Clock.
#pragma once

#include <algorithm>
#include <chrono>

namespace mm {

using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;
/// Wall time, UTC, in milliseconds.
using TimePoint = std::chrono::sys_time<Milliseconds>;
/// Monotonic time of this process.
using SteadyPoint = std::chrono::steady_clock::time_point;

/// Source of the current time, so that tests can replace it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual SteadyPoint steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  TimePoint now() const override {
    return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  }
  SteadyPoint steady() const override { return std::chrono::steady_clock::now(); }
};

/// The point in time at which waiting must end. A value type.
class Deadline {
 public:
  static Deadline after(Milliseconds budget) { return Deadline(std::chrono::steady_clock::now() + budget); }
  static Deadline at(SteadyPoint when) { return Deadline(when); }

  SteadyPoint when() const { return when_; }
  bool passed() const { return std::chrono::steady_clock::now() >= when_; }
  /// The remaining time: never negative, and rounded up, so that it is 0 only when the deadline has passed.
  Milliseconds remaining() const {
    const auto time = std::chrono::ceil<Milliseconds>(when_ - std::chrono::steady_clock::now());
    return std::max(time, Milliseconds{0});
  }
  /// The earlier of this deadline and `budget` from now. For one step of a longer operation.
  Deadline within(Milliseconds budget) const { return Deadline(std::min(when_, after(budget).when_)); }

 private:
  explicit Deadline(SteadyPoint when) : when_(when) {}
  SteadyPoint when_;
};

}  // namespace mm
