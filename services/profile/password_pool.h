// Threads for bcrypt: one per core, nicer than the rest of the machine (+10), so that a storm of logins neither starves
// the other subjects nor the other daemons (measured: with two threads at nice 0 the gateway beside them loses half its
// throughput, at +10 none). What waits is bounded by time, not by number: a job that would wait longer than
// `max_wait`, or than its caller, is refused at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "common/base/clock.h"
#include "services/profile/metrics.h"

namespace mm::profile {

/// Thread-safe.
class PasswordPool {
 public:
  struct Options {
    int threads = 1;
    Milliseconds max_wait{2'000};
    /// What a job takes, until some have been measured.
    std::chrono::duration<double> first_estimate{0.08};
  };

  PasswordPool(const Options& options, Metrics& metrics);
  /// Finishes what waits.
  ~PasswordPool();
  PasswordPool(const PasswordPool&) = delete;
  PasswordPool& operator=(const PasswordPool&) = delete;

  /// Says whether it did its work: one that found its caller gone takes no time and must not count as the usual one,
  /// or the pool would believe itself fast when it is most behind.
  using Job = std::function<bool()>;

  /// None: the job will run. Otherwise it will not, and another try makes sense after so many seconds.
  [[nodiscard]] std::optional<int> submit(Deadline deadline, Job job);

 private:
  using Duration = std::chrono::duration<double>;
  void work();
  Duration expected_wait() const;

  const Options options_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Job> waiting_;  // guarded by mutex_
  int running_ = 0;          // guarded by mutex_
  Duration mean_time_;       // a job's time, averaged; guarded by mutex_
  bool stopping_ = false;    // guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace mm::profile
