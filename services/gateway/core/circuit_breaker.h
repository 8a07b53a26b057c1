// A circuit breaker for the requests to one daemon. While no instance of the daemon answers, requests are refused at
// once instead of at their deadline, so that they do not wait in the gateway by the thousands. Four requests a second
// are let through as trials; the first answer closes the breaker.
//
// Only a request counts as a failure since whose sending the daemon has answered nothing at all. So one frozen instance
// of two does not open the breaker, because the other one answers, and neither do a few requests that were lost.
// Pure.
#pragma once

#include "common/base/clock.h"

namespace mm::gateway {

class CircuitBreaker {
 public:
  static constexpr int kFailuresMost = 10;
  static constexpr Milliseconds kTrialInterval{250};

  /// Whether a request may be sent now. While the breaker is open, this is a trial.
  bool allows(SteadyPoint now) {
    if (!open_) return true;
    if (now < next_trial_) return false;
    next_trial_ = now + kTrialInterval;
    return true;
  }

  /// An instance of the daemon has answered, also with a refusal. Returns true if the breaker was closed by this.
  bool answered(SteadyPoint now) {
    answered_at_ = now;
    failures_ = 0;
    const bool closes = open_;
    open_ = false;
    return closes;
  }

  /// A request that was sent at `sent` got no answer before its deadline. Returns true if the breaker was opened by
  /// this.
  bool unanswered(SteadyPoint sent, SteadyPoint now) {
    if (sent <= answered_at_ || open_) return false;
    if (++failures_ < kFailuresMost) return false;
    open_ = true;
    next_trial_ = now + kTrialInterval;
    return true;
  }

  bool is_open() const { return open_; }

 private:
  bool open_ = false;
  int failures_ = 0;
  SteadyPoint answered_at_{};
  SteadyPoint next_trial_{};
};

}  // namespace mm::gateway
