// Limits how many requests to daemons are sent again: at most one for every ten requests, and a reserve for the moments
// in which one instance of a daemon fails. Without the limit, the retries of all requests would multiply the load when
// daemons are slow or away. Pure.
#pragma once

#include <algorithm>

namespace mm::gateway {

class RetryBudget {
 public:
  static constexpr double kPerRequest = 0.1;
  static constexpr double kReserve = 100;

  /// Counts a request that is sent for the first time.
  void add_request() { retries_ = std::min(kReserve, retries_ + kPerRequest); }
  /// False: the request must not be sent again now.
  bool take() {
    if (retries_ < 1) return false;
    retries_ -= 1;
    return true;
  }
  /// The number of requests that may be sent again now.
  double left() const { return retries_; }

 private:
  double retries_ = kReserve;
};

}  // namespace mm::gateway
