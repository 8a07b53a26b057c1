// SIGTERM and SIGINT as a flag and a condition: a thread of its own waits for them. Make it before any other thread:
// they inherit that these signals are blocked. (So do child processes: whoever starts some resets their mask.)
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/base/clock.h"

namespace mm::runtime {

class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Set by the first signal; a second one ends the process at once.
  const std::atomic<bool>& requested() const { return requested_; }
  /// Returns when a stop is requested, or after `time`.
  void wait(Milliseconds time);

 private:
  void run();

  std::atomic<bool> requested_{false};
  std::atomic<bool> ending_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace mm::runtime
