// A token bucket that limits the rate of messages. Pure: the caller passes the time.
#pragma once

#include <algorithm>
#include <chrono>

#include "common/base/clock.h"

namespace mm::game {

class TokenBucket {
 public:
  TokenBucket(double per_second, double burst, SteadyPoint now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  /// Takes a token. False: there is none.
  bool take(SteadyPoint now) {
    const std::chrono::duration<double> passed = std::max(now - at_, SteadyPoint::duration::zero());
    tokens_ = std::min(burst_, tokens_ + passed.count() * per_second_);
    at_ = now;
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double per_second_;
  double burst_;
  double tokens_;
  SteadyPoint at_;
};

}  // namespace mm::game
