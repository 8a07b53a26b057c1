// Mutex, MutexLock and Condition: the standard library's mutex, lock and condition variable, with annotations from
// which clang finds accesses without the lock. `make lint` runs this check if clang is installed; with other compilers
// the annotations are empty.
//
//   Mutex mutex_;
//   std::deque<Job> jobs_ GUARDED_BY(mutex_);
//   Job take_first() REQUIRES(mutex_);                                            // the caller has locked mutex_
//   changed_.wait(lock, [this]() REQUIRES(mutex_) { return !jobs_.empty(); });    // so has the caller of a predicate
#pragma once

#include <condition_variable>
#include <mutex>

#include "common/base/clock.h"

#ifdef __clang__
#define MM_THREAD_ANNOTATION(text) __attribute__((text))
#else
#define MM_THREAD_ANNOTATION(text)
#endif

/// A member that is read and written only with this mutex locked.
#define GUARDED_BY(mutex) MM_THREAD_ANNOTATION(guarded_by(mutex))
/// A function that is called only with this mutex locked.
#define REQUIRES(mutex) MM_THREAD_ANNOTATION(requires_capability(mutex))

namespace mm {

class MM_THREAD_ANNOTATION(capability("mutex")) Mutex {
  friend class MutexLock;
  std::mutex mutex_;
};

/// Locks a mutex until the end of the block, except between unlock() and lock().
class MM_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MM_THREAD_ANNOTATION(acquire_capability(mutex)) : lock_(mutex.mutex_) {}
  ~MutexLock() MM_THREAD_ANNOTATION(release_capability()) {}
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() MM_THREAD_ANNOTATION(release_capability()) { lock_.unlock(); }
  void lock() MM_THREAD_ANNOTATION(acquire_capability()) { lock_.lock(); }

 private:
  friend class Condition;
  std::unique_lock<std::mutex> lock_;
};

/// A condition variable. The functions that take a predicate return whether it holds.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

  void wait(MutexLock& lock) { condition_.wait(lock.lock_); }
  void wait_for(MutexLock& lock, Milliseconds time) { condition_.wait_for(lock.lock_, time); }
  void wait_until(MutexLock& lock, SteadyPoint when) { condition_.wait_until(lock.lock_, when); }
  template <class Predicate>
  void wait(MutexLock& lock, Predicate holds) {
    condition_.wait(lock.lock_, holds);
  }
  template <class Predicate>
  bool wait_for(MutexLock& lock, Milliseconds time, Predicate holds) {
    return condition_.wait_for(lock.lock_, time, holds);
  }
  template <class Predicate>
  bool wait_until(MutexLock& lock, SteadyPoint when, Predicate holds) {
    return condition_.wait_until(lock.lock_, when, holds);
  }

 private:
  std::condition_variable condition_;
};

}  // namespace mm
