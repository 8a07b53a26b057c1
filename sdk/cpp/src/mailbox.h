// Moves work from the network's threads to the thread that calls tick(). Shared by a Client and the completions that
// may outlive it; once closed, what arrives is dropped.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace matchmaker {

class Mailbox {
 public:
  using Letter = std::function<void()>;

  void post(Letter letter) {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    letters_.push_back(std::move(letter));
    arrived_.notify_one();
  }

  std::vector<Letter> take() {
    std::lock_guard lock(mutex_);
    return std::exchange(letters_, {});
  }

  void wait(std::chrono::milliseconds most) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, most, [this] { return !letters_.empty(); });
  }

  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    letters_.clear();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Letter> letters_;
  bool closed_ = false;
};

}  // namespace matchmaker
