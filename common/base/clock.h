// Time. Wall time (TimePoint) is for people and for what is stored; waits, ages and deadlines run on the
// monotonic clock. Decisions take the time as an argument; only shells hold a Clock.
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

/// The seam to the world's time. Thread-safe.
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

/// When waiting must end. A value; copies share the same instant.
class Deadline {
 public:
  static Deadline after(Milliseconds budget) { return Deadline(std::chrono::steady_clock::now() + budget); }
  static Deadline at(SteadyPoint when) { return Deadline(when); }

  SteadyPoint when() const { return when_; }
  bool passed() const { return std::chrono::steady_clock::now() >= when_; }
  /// What is left, never negative, rounded up so that a positive rest is never 0.
  Milliseconds left() const {
    const auto rest = std::chrono::ceil<Milliseconds>(when_ - std::chrono::steady_clock::now());
    return std::max(rest, Milliseconds{0});
  }
  /// The earlier of this and `budget` from now: one step of a longer piece of work.
  Deadline within(Milliseconds budget) const { return Deadline(std::min(when_, after(budget).when_)); }

 private:
  explicit Deadline(SteadyPoint when) : when_(when) {}
  SteadyPoint when_;
};

}  // namespace mm
