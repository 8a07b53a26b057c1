// A fixed number of connections, made when needed and lent one caller at a time. While the server is away, callers
// fail at once between attempts to connect, and one of them at a time tries. Private to common/storage. Thread-safe.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace mm::storage {

struct PoolOptions {
  int connections = 4;
  Milliseconds lease_wait{60'000};  ///< at most so long for a connection that others use; then the server is overloaded
  Milliseconds connect_timeout{1'000};
  Milliseconds first_pause{50};  ///< after a failed attempt, doubled for each that follows
  Milliseconds longest_pause{500};
};

/// `Connection` has `bool is_quiet() const`: while unused, the server has neither closed it nor said anything.
template <class Connection>
class Pool {
 public:
  using Made = Result<std::unique_ptr<Connection>, std::string>;
  using Make = std::function<Made(Deadline)>;

  Pool(PoolOptions options, Make make) : options_(options), make_(std::move(make)) {}

  /// A connection, or why there is none. It must go back, in whatever state.
  Made take(Deadline deadline) {
    if (auto ready = take_idle(deadline); !ready || *ready) return ready;
    auto made = make_(deadline.within(options_.connect_timeout));
    // A caller with hardly any time left says nothing about the server.
    if (made || !deadline.passed()) note_attempt(made.ok());
    if (!made) give_back(nullptr);
    return made;
  }

  /// nullptr: it broke.
  void give_back(std::unique_ptr<Connection> connection) {
    {
      std::lock_guard lock(mutex_);
      --lent_;
      if (connection) idle_.push_back(std::move(connection));
    }
    returned_.notify_one();
  }

 private:
  /// Success without a connection: make one.
  Made take_idle(Deadline deadline) {
    std::unique_lock lock(mutex_);
    const auto some_left = [this] { return lent_ < options_.connections; };
    if (!returned_.wait_until(lock, deadline.within(options_.lease_wait).when(), some_left)) {
      return fail(std::string("all connections are in use"));
    }
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->is_quiet()) continue;
      ++lent_;
      return connection;
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < next_attempt_) {
      lock.unlock();
      returned_.notify_one();
      return fail(std::string("not connected; the next attempt comes soon"));
    }
    if (pause_.count() > 0) next_attempt_ = now + options_.connect_timeout;
    ++lent_;
    return std::unique_ptr<Connection>();
  }

  void note_attempt(bool succeeded) {
    std::lock_guard lock(mutex_);
    pause_ = succeeded ? Milliseconds{0} : std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
    next_attempt_ = std::chrono::steady_clock::now() + pause_;
  }

  const PoolOptions options_;
  const Make make_;

  std::mutex mutex_;
  std::condition_variable returned_;
  // Protected by mutex_.
  std::vector<std::unique_ptr<Connection>> idle_;
  int lent_ = 0;
  SteadyPoint next_attempt_{};
  Milliseconds pause_{0};
};

}  // namespace mm::storage
