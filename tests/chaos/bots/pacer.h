// Begins actions at a limited rate, in the order of their submission. Pure: the time is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <deque>
#include <functional>
#include <utility>

#include "common/base/clock.h"

namespace mm::chaos {

class Pacer {
 public:
  /// `per_second`: the rate. After a pause at most a tenth of a second's worth (and at least one) is begun at once.
  Pacer(double per_second, SteadyPoint now) : rate_(per_second), last_(now) {}

  void submit(std::function<void()> action) { waiting_.push_back(std::move(action)); }
  std::size_t waiting() const { return waiting_.size(); }

  /// Runs the waiting actions that the rate allows now. While it allows more, calls `idle`, which begins an action or
  /// returns false.
  template <class Idle>
  void run(SteadyPoint now, Idle idle) {
    const double most = std::max(1.0, rate_ * kBurstSeconds);
    allowed_ = std::min(most, allowed_ + rate_ * std::chrono::duration<double>(now - last_).count());
    last_ = now;
    while (allowed_ >= 1) {
      if (waiting_.empty()) {
        if (!idle()) return;
      } else {
        const auto action = std::move(waiting_.front());
        waiting_.pop_front();
        action();
      }
      allowed_ -= 1;
    }
  }

 private:
  static constexpr double kBurstSeconds = 0.1;

  const double rate_;
  SteadyPoint last_;
  double allowed_ = 0;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace mm::chaos
