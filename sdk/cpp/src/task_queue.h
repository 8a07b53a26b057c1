// A queue of functions (tasks) that the network threads post and the thread that calls tick() runs. It is shared by a
// Client and completions that may outlive the Client. After close(), posted tasks are dropped. A task must not own
// objects of the game, because a dropped task is destroyed on the thread that posted it.
//
// Threads: all functions may be called on any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace matchmaker {

class TaskQueue {
 public:
  using Task = std::function<void()>;

  void post(Task task) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    tasks_.push_back(std::move(task));
    arrived_.notify_one();
  }

  /// Blocks until there is a task, the queue is closed, or `most` has passed.
  void wait(std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, most, [this] { return closed_ || !tasks_.empty(); });
  }

  /// Runs the tasks that are in the queue at the time of the call, in order. Stops when a task closes the
  /// queue. Returns the number of tasks that ran.
  int run() {
    int ran = 0;
    for (auto most = count(); most > 0; --most) {
      auto task = take();
      if (!task) break;
      task();
      ++ran;
    }
    return ran;
  }

  void close() {
    std::deque<Task> dropped;  // destroyed after the lock is released
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    dropped.swap(tasks_);
    arrived_.notify_all();
  }

 private:
  std::size_t count() {
    std::lock_guard<std::mutex> lock(mutex_);
    return tasks_.size();
  }

  /// Removes and returns the next task; empty if there is none.
  Task take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (tasks_.empty()) return nullptr;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Task> tasks_;
  bool closed_ = false;
};

}  // namespace matchmaker
