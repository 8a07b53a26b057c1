// StopSignals: SIGTERM and SIGINT as a flag and a condition variable, received by a dedicated thread. Construct it
// before any other thread, so that all threads inherit the blocked signals. Child processes inherit them too and must
// reset their signal mask.
#pragma once

#include <atomic>
#include <thread>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::daemon {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Set by the first signal. A second signal ends the process immediately.
  const std::atomic<bool>& requested() const { return requested_; }
  /// Returns when a stop is requested, or after `time`.
  void wait(Milliseconds time);

 private:
  void run();

  std::atomic<bool> requested_{false};
  std::atomic<bool> ending_{false};
  Mutex mutex_;
  Condition changed_;
  std::thread thread_;
};

}  // namespace mm::daemon
