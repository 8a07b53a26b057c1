// A queue of functions (letters) that the network threads post and the thread that calls tick() runs. It is shared by a
// Client and completions that may outlive the Client. After close(), posted letters are dropped. A letter must not own
// objects of the game, because a dropped letter is destroyed on the thread that posted it.
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

class Mailbox {
 public:
  using Letter = std::function<void()>;

  void post(Letter letter) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    letters_.push_back(std::move(letter));
    arrived_.notify_one();
  }

  /// Blocks until there is a letter, the mailbox is closed, or `most` has passed.
  void wait(std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, most, [this] { return closed_ || !letters_.empty(); });
  }

  /// Runs the letters that are in the mailbox at the time of the call, in order. Stops when a letter closes the
  /// mailbox. Returns the number of letters that ran.
  int run() {
    int ran = 0;
    for (auto most = count(); most > 0; --most) {
      auto letter = take();
      if (!letter) break;
      letter();
      ++ran;
    }
    return ran;
  }

  void close() {
    std::deque<Letter> dropped;  // destroyed after the lock is released
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
    dropped.swap(letters_);
    arrived_.notify_all();
  }

 private:
  std::size_t count() {
    std::lock_guard<std::mutex> lock(mutex_);
    return letters_.size();
  }

  /// Removes and returns the next letter; empty if there is none.
  Letter take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (letters_.empty()) return nullptr;
    auto letter = std::move(letters_.front());
    letters_.pop_front();
    return letter;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Letter> letters_;
  bool closed_ = false;
};

}  // namespace matchmaker
