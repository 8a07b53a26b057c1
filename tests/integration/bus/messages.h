// Messages and helpers of the tests of the bus.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "common/bus/stream_setup.h"
#include "common/contracts/dead_letter.h"
#include "common/testing/connections.h"
#include "common/testing/wait.h"

namespace mm::bus {

struct Echoed {
  std::string text;
};
template <class F>
void describe(F& f, Echoed& m) {
  f("text", m.text);
}

struct Echo {
  static constexpr Subject kSubject{"test.echo"};
  using Answer = Echoed;
  std::string text;
};
template <class F>
void describe(F& f, Echo& m) {
  f("text", m.text, fields::Length{1, 100'000});
}

struct BatchEcho {
  static constexpr Subject kSubject{"test.batch_echo"};
  using Answer = Echoed;
  std::string text;
};
template <class F>
void describe(F& f, BatchEcho& m) {
  f("text", m.text);
}

/// An event of the stream MATCH.
struct Found {
  static constexpr Subject kSubject{"match.found"};
  int number = 0;
};
template <class F>
void describe(F& f, Found& m) {
  f("number", m.number);
}

inline Deadline soon(int ms = 5'000) { return Deadline::after(Milliseconds{ms}); }

using testing::bus_options;
using testing::connect;

/// Makes consumers of all events of MATCH, as nats_setup makes those of the daemons.
inline void make_consumers(Bus& bus, const std::vector<std::string>& names,
                           Milliseconds ack_wait = Milliseconds{30'000}) {
  std::vector<rights::StreamConsumer> consumers;
  for (const auto& name : names)
    consumers.push_back({streams::kMatch, name, "test", streams::kMatch.subjects, 0, ack_wait});
  const auto made = set_up_streams(bus, consumers, soon(30'000));
  check(made.ok(), "the consumers could not be made");
}

/// Collects numbers in order of arrival. Thread-safe.
class Numbers {
 public:
  void add(int number) {
    std::lock_guard lock(mutex_);
    numbers_.push_back(number);
  }
  std::vector<int> all() const {
    std::lock_guard lock(mutex_);
    return numbers_;
  }
  std::size_t size() const { return all().size(); }

 private:
  mutable std::mutex mutex_;
  std::vector<int> numbers_;
};

/// A handler that adds the number of each event to `numbers`.
inline auto into(Numbers& numbers) {
  return [&numbers](const Found& event, const EventInfo&) {
    numbers.add(event.number);
    return Ack::done;
  };
}

/// Takes the dead letters of the daemon `test`, as leaderboard does. Thread-safe.
class FakeLeaderboard {
 public:
  FakeLeaderboard(Bus& bus, metrics::Registry& metrics) : server_(bus, {.name = "leaderboard"}, metrics) {
    server_.serve_at<StoreDeadLetter>("test", [this](const StoreDeadLetter& letter, const Context&) -> Reply<Empty> {
      std::lock_guard lock(mutex_);
      letters_.push_back(letter);
      if (refusals_ > 0 && refusals_-- > 0) return refuse(Code::unavailable);
      return Empty{};
    });
    server_.start();
  }

  /// All letters so far, in order of arrival, including those that were refused.
  std::vector<StoreDeadLetter> letters() const {
    std::lock_guard lock(mutex_);
    return letters_;
  }
  /// Refuses this many letters that arrive next.
  void refuse_next(int count) {
    std::lock_guard lock(mutex_);
    refusals_ = count;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<StoreDeadLetter> letters_;
  int refusals_ = 0;
  Server server_;
};

/// Handlers block in pass() until the test calls open().
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.wait(lock, [&] { return open_; });
  }
  int reached() const {
    std::lock_guard lock(mutex_);
    return waiting_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

}  // namespace mm::bus
