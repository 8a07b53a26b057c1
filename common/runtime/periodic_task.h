// PeriodicTask: a thread that does a piece of work at once, then again after each interval, and earlier when woken.
#pragma once

#include <functional>
#include <thread>
#include <utility>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::runtime {

/// Declare it as the last member of its owner: the work uses the other members. Thread-safe, except for stop().
class PeriodicTask {
 public:
  PeriodicTask(Milliseconds interval, std::function<void()> work)
      : PeriodicTask([interval, work = std::move(work)] {
          work();
          return interval;
        }) {}
  /// `work` returns the time until its next call.
  explicit PeriodicTask(std::function<Milliseconds()> work) : work_(std::move(work)), thread_([this] { run(); }) {}
  ~PeriodicTask() { stop(); }
  PeriodicTask(const PeriodicTask&) = delete;
  PeriodicTask& operator=(const PeriodicTask&) = delete;

  /// Calls the work now, or again if it is running.
  void wake() {
    {
      const MutexLock lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }

  /// Returns when the call in progress has returned. The work is not called afterwards. May be called repeatedly, by
  /// the owner only.
  void stop() {
    {
      const MutexLock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  /// For work that takes long: it returns early while this is true.
  bool stopping() const {
    const MutexLock lock(mutex_);
    return stopping_;
  }

 private:
  void run() {
    MutexLock lock(mutex_);
    while (!stopping_) {
      woken_ = false;
      lock.unlock();
      const auto pause = work_();
      lock.lock();
      changed_.wait_for(lock, pause, [this]() REQUIRES(mutex_) { return woken_ || stopping_; });
    }
  }

  const std::function<Milliseconds()> work_;
  mutable Mutex mutex_;
  Condition changed_;
  bool woken_ GUARDED_BY(mutex_) = false;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last member: it uses all others
};

}  // namespace mm::runtime
