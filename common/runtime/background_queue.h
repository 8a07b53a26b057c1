// BackgroundQueue: a bounded queue whose items one thread gives to a handler, in the order in which they were added.
// Adding an item does not wait for the handler: if the handler is too slow, items are dropped, but no caller is
// delayed.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/runtime/metrics.h"

namespace mm::runtime {

/// Declare it as the last member of its owner: the handler uses the other members. Thread-safe.
template <class Item>
class BackgroundQueue {
 public:
  /// How long the destructor continues to give queued items to the handler.
  static constexpr Milliseconds kShutdownTimeout{1'000};

  struct Limits {
    std::size_t queued;
    std::size_t batch = 1;  ///< items per call of the handler
    Milliseconds shutdown_timeout = kShutdownTimeout;
  };
  /// Called with at least one item. An exception from the handler ends the process, as in any other thread.
  using Handler = std::function<void(std::vector<Item>)>;

  /// `dropped` counts the items that the handler never gets.
  BackgroundQueue(const Limits& limits, metrics::Counter dropped, Handler handle)
      : limits_(limits), dropped_(dropped), handle_(std::move(handle)), thread_([this] { run(); }) {}
  /// Waits for the call in progress, also after the timeout. Drops the items that are queued then.
  ~BackgroundQueue() {
    {
      const MutexLock lock(mutex_);
      stop_by_ = Deadline::after(limits_.shutdown_timeout);
    }
    changed_.notify_one();
    thread_.join();
  }
  BackgroundQueue(const BackgroundQueue&) = delete;
  BackgroundQueue& operator=(const BackgroundQueue&) = delete;

  /// Drops the item if the queue is full.
  void add(Item item) {
    {
      const MutexLock lock(mutex_);
      if (queue_.size() >= limits_.queued) return dropped_.add();
      queue_.push_back(std::move(item));
    }
    changed_.notify_one();
  }

 private:
  void run() {
    MutexLock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this]() REQUIRES(mutex_) { return stop_by_ || !queue_.empty(); });
      if (queue_.empty()) return;
      if (stop_by_ && stop_by_->passed()) return dropped_.add(static_cast<double>(queue_.size()));
      auto batch = take_batch();
      lock.unlock();
      handle_(std::move(batch));
      lock.lock();
    }
  }

  std::vector<Item> take_batch() REQUIRES(mutex_) {
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(limits_.batch, queue_.size()));
    std::vector<Item> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
    queue_.erase(queue_.begin(), end);
    return batch;
  }

  const Limits limits_;
  metrics::Counter dropped_;
  const Handler handle_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Item> queue_ GUARDED_BY(mutex_);
  std::optional<Deadline> stop_by_ GUARDED_BY(mutex_);
  std::thread thread_;  // last member: it uses all others
};

}  // namespace mm::runtime
