// Threads for bcrypt: one per core, at nice +10, so that many logins at once starve neither the other subjects nor the
// other daemons. (Measured: two threads at nice 0 halve the throughput of a gateway on the same machine; at +10 they do
// not reduce it.) The queue is bounded by time, not by length: a job that would wait longer than `max_wait`, or longer
// than the deadline of its caller, is refused at once.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "services/profile/metrics.h"

namespace mm::profile {

/// Thread-safe.
class PasswordPool {
 public:
  struct Options {
    int threads = 1;
    Milliseconds max_wait{2'000};
    /// The expected duration of a job before any has been measured.
    std::chrono::duration<double> first_estimate{0.08};
  };

  PasswordPool(const Options& options, Metrics& metrics);
  /// Runs the queued jobs, then stops.
  ~PasswordPool();
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  /// Returns whether it hashed. A job whose deadline has passed takes no time. It must not count in the mean, or the
  /// pool would expect short waits when its queue is longest.
  using Job = std::function<bool()>;

  /// None: the job will run. Otherwise it is refused, and the caller may try again after so many seconds.
  [[nodiscard]] std::optional<int> submit(Deadline deadline, Job job);

 private:
  using Duration = std::chrono::duration<double>;
  void work();
  Duration expected_wait() const REQUIRES(mutex_);

  const Options options_;
  Metrics& metrics_;
  Mutex mutex_;
  Condition arrived_;
  std::deque<Job> waiting_ GUARDED_BY(mutex_);
  int running_ GUARDED_BY(mutex_) = 0;
  Duration mean_time_ GUARDED_BY(mutex_);  // moving average of the durations
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace mm::profile
