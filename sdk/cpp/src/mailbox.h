// Moves work from the network's threads to the thread that calls tick(). Shared by a Client and the completions that
// may outlive it; once closed, what arrives is dropped. A letter holds nothing of the game's, because a letter that is
// dropped is destroyed on the thread that posted it.
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

  void wait(std::chrono::milliseconds most) {
    std::unique_lock<std::mutex> lock(mutex_);
    arrived_.wait_for(lock, most, [this] { return closed_ || !letters_.empty(); });
  }

  /// Runs what has arrived until now, one after the other; a letter may close the mailbox, which ends it. How many ran.
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

  /// The next letter; an empty one if there is none.
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
