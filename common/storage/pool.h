// A fixed number of connections, made when needed and lent one caller at a time. Private to common/storage. Thread-safe.
//
// While the server is away or silent, one caller at a time tries to connect, with pauses between attempts that failed,
// and the others fail at once. An attempt that got no answer in its caller's time is kept, and the next caller waits for
// the same answer: a server that was stopped for a while finds one half-made connection of ours, not hundreds, and its
// first answer is of use at once.
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
  Milliseconds connect_timeout{1'000};  ///< so long one caller waits for a connection
  Milliseconds first_pause{50};         ///< after a failed attempt, doubled for each that follows
  Milliseconds longest_pause{500};
};

/// `Connection` has `bool is_quiet() const`: while unused, the server has neither closed it nor said anything.
/// `Connection::Attempt` is a connection in the making: `finish(Deadline)` gives the connection, an error, or nullptr
/// when the server has said nothing by then; it may be called again.
template <class Connection>
class Pool {
 public:
  using Attempt = typename Connection::Attempt;
  using Made = Result<std::unique_ptr<Connection>, std::string>;
  using Start = std::function<Result<std::unique_ptr<Attempt>, std::string>()>;

  Pool(PoolOptions options, Start start) : options_(options), start_(std::move(start)) {}

  /// A connection, or why there is none. It must go back, in whatever state.
  Made take(Deadline deadline) {
    auto taken = take_idle(deadline);
    if (!taken) return fail(std::move(taken).error());
    if (taken->connection) return std::move(taken->connection);
    auto& started = taken->started;
    if (!started.attempt) {
      auto attempt = start_();
      if (!attempt) return failed(std::move(attempt).error());
      started = {std::move(*attempt), std::chrono::steady_clock::now()};
    }
    auto made = started.attempt->finish(deadline.within(options_.connect_timeout));
    if (!made) return failed(std::move(made).error());
    if (!*made) return unanswered(std::move(started));
    connected();
    return made;
  }

  /// The last attempts to connect failed or got no answer.
  bool is_away() {
    std::lock_guard lock(mutex_);
    return away_;
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
  /// A server that has been silent for so long is taken for one that is away: one attempt at a time from then on.
  static constexpr Milliseconds kSilent{100};
  /// A half-made connection is given up after so long: its server may have gone without a word.
  static constexpr Milliseconds kKeptFor{30'000};

  struct Started {
    std::unique_ptr<Attempt> attempt;
    SteadyPoint at{};
  };
  /// A connection; or the right to make one, with the attempt to go on with if there is one.
  struct Taken {
    std::unique_ptr<Connection> connection;
    Started started;
  };

  Result<Taken, std::string> take_idle(Deadline deadline) {
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
      return Taken{std::move(connection), {}};
    }
    if (away_ && (trying_ || std::chrono::steady_clock::now() < next_attempt_)) {
      lock.unlock();
      returned_.notify_one();
      return fail(std::string("not connected; the next attempt comes soon"));
    }
    trying_ = away_;
    ++lent_;
    return Taken{nullptr, std::move(kept_)};
  }

  void connected() {
    std::lock_guard lock(mutex_);
    away_ = trying_ = false;
    pause_ = Milliseconds{0};
  }

  Made failed(std::string why) {
    {
      std::lock_guard lock(mutex_);
      away_ = true;
      trying_ = false;
      pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
      next_attempt_ = std::chrono::steady_clock::now() + pause_;
    }
    give_back(nullptr);
    return fail(std::move(why));
  }

  Made unanswered(Started started) {
    const auto age = std::chrono::steady_clock::now() - started.at;
    if (age > kKeptFor) return failed("the server does not answer");
    {
      std::lock_guard lock(mutex_);
      // A caller with hardly any time says nothing about the server.
      if (age > kSilent) away_ = true;
      trying_ = false;
      if (!kept_.attempt) kept_ = std::move(started);
    }
    give_back(nullptr);
    return fail(std::string("the server takes no connection in time"));
  }

  const PoolOptions options_;
  const Start start_;

  std::mutex mutex_;
  std::condition_variable returned_;
  // Protected by mutex_.
  std::vector<std::unique_ptr<Connection>> idle_;
  int lent_ = 0;
  bool away_ = false;    // since an attempt failed or got no answer, until one succeeds
  bool trying_ = false;  // while away: somebody tries
  Started kept_;         // half-made, for whoever tries next
  SteadyPoint next_attempt_{};
  Milliseconds pause_{0};
};

}  // namespace mm::storage
