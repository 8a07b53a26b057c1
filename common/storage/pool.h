// Pool: a fixed number of connections that are opened on demand and lent to one caller at a time. Private to
// common/storage. Thread-safe.
//
// While the server is away or does not answer, only one caller at a time tries to connect, with pauses after failed
// attempts; other callers fail immediately. An attempt that got no answer within its caller's time is kept, and the
// next caller continues it. So a server that was stopped for a while finds one half-open connection instead of
// hundreds, and its first answer is used immediately.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/base/result.h"

namespace mm::storage {

struct PoolOptions {
  int connections = 4;
  Milliseconds lease_wait{60'000};  ///< how long a caller waits for a connection that others use; after that the server
                                    ///< counts as overloaded
  Milliseconds connect_timeout{1'000};  ///< how long one caller waits for a new connection
  Milliseconds first_pause{50};         ///< after a failed attempt; doubled for each further failure
  Milliseconds longest_pause{500};
  /// Called when callers begin to be refused at once (true), and when a connection succeeds again (false). Must not
  /// block.
  std::function<void(bool)> breaker_changed{};
};

/// `Connection` has `bool is_quiet() const`: the server has neither closed the idle connection nor sent anything.
/// `Connection::Attempt` is a connection that is being opened: `finish(Deadline)` returns the connection, an error, or
/// nullptr if the server has not answered by the deadline; it may be called again.
template <class Connection>
class Pool {
 public:
  using Attempt = typename Connection::Attempt;
  using ConnectionResult = Result<std::unique_ptr<Connection>, std::string>;
  using Start = std::function<Result<std::unique_ptr<Attempt>, std::string>()>;

  Pool(PoolOptions options, Start start) : options_(std::move(options)), start_(std::move(start)) {}

  /// Returns a connection, or the reason why there is none. The caller must give it back, also if it is broken.
  ConnectionResult acquire(Deadline deadline) {
    auto acquired = acquire_idle(deadline);
    if (!acquired) return fail(std::move(acquired).error());
    if (acquired->connection) return std::move(acquired->connection);
    auto& started = acquired->started;
    if (!started.attempt) {
      auto attempt = start_();
      if (!attempt) return failed(std::move(attempt).error());
      started = {std::move(*attempt), std::chrono::steady_clock::now()};
    }
    auto result = started.attempt->finish(deadline.within(options_.connect_timeout));
    if (!result) return failed(std::move(result).error());
    if (!*result) return unanswered(std::move(started));
    connected();
    return result;
  }

  /// Whether the latest attempts to connect failed or got no answer.
  bool is_unreachable() {
    const MutexLock lock(mutex_);
    return unreachable_;
  }

  /// Takes back a connection, or nullptr if it is broken.
  void release(std::unique_ptr<Connection> connection) {
    {
      const MutexLock lock(mutex_);
      --in_use_;
      if (connection) idle_.push_back(std::move(connection));
    }
    returned_.notify_one();
  }

 private:
  /// A server that has not answered for this long counts as away: from then on there is one attempt at a time.
  static constexpr Milliseconds kAnswerTimeout{100};
  /// A half-open connection is given up after this time, because its server may have disappeared.
  static constexpr Milliseconds kHalfOpenTimeout{30'000};

  struct Started {
    std::unique_ptr<Attempt> attempt;
    SteadyPoint at{};
  };
  /// A connection; or the permission to open one, with the kept attempt if there is one.
  struct Acquired {
    std::unique_ptr<Connection> connection;
    Started started;
  };

  Result<Acquired, std::string> acquire_idle(Deadline deadline) {
    MutexLock lock(mutex_);
    const auto some_left = [this]() REQUIRES(mutex_) { return in_use_ < options_.connections; };
    if (!returned_.wait_until(lock, deadline.within(options_.lease_wait).when(), some_left)) {
      return fail(std::string("all connections are in use"));
    }
    while (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      if (!connection->is_quiet()) continue;
      ++in_use_;
      return Acquired{std::move(connection), {}};
    }
    if (unreachable_ && (connecting_ || std::chrono::steady_clock::now() < next_attempt_)) {
      auto why = "not connected; the next attempt comes soon; the last one failed: " + last_failure_;
      lock.unlock();
      returned_.notify_one();
      return fail(std::move(why));
    }
    connecting_ = unreachable_;
    ++in_use_;
    return Acquired{nullptr, std::move(pending_attempt_)};
  }

  void set_unreachable(bool unreachable) REQUIRES(mutex_) {
    if (std::exchange(unreachable_, unreachable) == unreachable) return;
    if (options_.breaker_changed) options_.breaker_changed(unreachable);
  }

  void connected() {
    const MutexLock lock(mutex_);
    set_unreachable(false);
    connecting_ = false;
    pause_ = Milliseconds{0};
  }

  ConnectionResult failed(std::string why) {
    {
      const MutexLock lock(mutex_);
      set_unreachable(true);
      connecting_ = false;
      pause_ = std::clamp(pause_ * 2, options_.first_pause, options_.longest_pause);
      next_attempt_ = std::chrono::steady_clock::now() + pause_;
      last_failure_ = why;
    }
    release(nullptr);
    return fail(std::move(why));
  }

  ConnectionResult unanswered(Started started) {
    const auto age = std::chrono::steady_clock::now() - started.at;
    if (age > kHalfOpenTimeout) return failed("the server does not answer");
    {
      const MutexLock lock(mutex_);
      // Only an attempt of this age shows that the server is silent; the caller may have had very little time.
      if (age > kAnswerTimeout) {
        set_unreachable(true);
        last_failure_ = "no answer";
      }
      connecting_ = false;
      if (!pending_attempt_.attempt) pending_attempt_ = std::move(started);
    }
    release(nullptr);
    return fail(std::string("no connection to the server in time"));
  }

  const PoolOptions options_;
  const Start start_;

  Mutex mutex_;
  Condition returned_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
  int in_use_ GUARDED_BY(mutex_) = 0;
  bool unreachable_ GUARDED_BY(mutex_) = false;  // an attempt failed or got no answer, and none has succeeded since
  bool connecting_ GUARDED_BY(mutex_) = false;   // while away: a caller is trying to connect
  Started pending_attempt_ GUARDED_BY(mutex_);   // half-open attempt for the next caller
  SteadyPoint next_attempt_ GUARDED_BY(mutex_){};
  std::string last_failure_ GUARDED_BY(mutex_);
  Milliseconds pause_ GUARDED_BY(mutex_){0};
};

}  // namespace mm::storage
