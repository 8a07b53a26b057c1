// The simulator: runs the threads of several simulated processes on one thread of the operating system, in an order
// that depends on the seed alone, with a clock that advances only when every thread waits.
//
// Each simulated thread is a fiber: it runs until it waits for a lock, a condition, a time or an answer. posix.cpp
// replaces the functions of the C library that create threads, wait and read clocks, so the code of the platform runs
// unchanged. A process can be killed or paused whenever its threads wait; a killed process runs no destructor.
//
// The memory of killed processes is not freed. Run each seed in a process of its own (fork). One simulator at a time;
// not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/clock.h"
#include "tests/simulation/engine/random.h"

namespace mm::simulation {

using Nanoseconds = std::chrono::nanoseconds;

class Fiber;

/// A simulated process. It stays in memory after it was killed; a restart is a new Process.
struct Process {
  std::string name;
  bool alive = true;
  bool paused = false;
  Milliseconds clock_offset{0};  ///< of its wall clock
  bool linked_to_queue = true;   ///< false: the network to Redis "queue" is cut
  bool linked_to_bus = true;
  bool linked_to_database = true;
  std::vector<std::function<void()>> held;  ///< what happened while it was paused
};

class Simulator {
 public:
  /// Wall time at the start of each simulation.
  static constexpr TimePoint kStart{Milliseconds{1'767'225'600'000}};  // 2026-01-01
  /// Limit of the steps of one run, so that a livelock ends.
  static constexpr std::uint64_t kMaxSteps = 20'000'000;

  explicit Simulator(std::uint64_t seed);
  ~Simulator();
  Simulator(const Simulator&) = delete;
  Simulator& operator=(const Simulator&) = delete;

  /// The simulator that exists, or nullptr.
  static Simulator* current();

  /// Runs `main` in a fiber of a process named "driver", and everything that it starts, until it returns. Rethrows the
  /// exception of any fiber. Throws std::runtime_error if `main` waits for something that cannot happen.
  void run(std::function<void()> main);

  Process& add_process(std::string name);
  /// Starts a thread of the process. Returns its number.
  std::uint64_t start(Process& process, std::function<void()> work);
  void kill(Process& process);
  void pause(Process& process);
  void resume(Process& process);

  /// Calls `action` at that time from now, outside of every fiber, so it must not wait.
  void at(Nanoseconds from_now, std::function<void()> action);
  /// As at(), but when the process is paused, `action` is called after its end. Not called if the process is killed.
  void at_process(Process& process, Nanoseconds from_now, std::function<void()> action);

  /// Ends the run with an error. A fiber that calls it does not return; outside of fibers it throws. Code of the
  /// platform must not be left by an exception.
  void fail(const std::string& what);

  Random& random() { return random_; }
  Nanoseconds elapsed() const { return now_; }
  /// The wall clock of the present process.
  Nanoseconds wall() const;
  /// The wall clock without any offset.
  TimePoint true_time() const { return kStart + std::chrono::duration_cast<Milliseconds>(now_); }
  std::uint64_t steps() const { return steps_; }

  // For fibers:
  Fiber* fiber() const { return running_; }
  Process& process() const;
  void sleep(Nanoseconds time);
  /// Waits until wake() or the time. Returns false at the time. `until`: of elapsed(); none: no limit.
  bool park(Nanoseconds until = Nanoseconds::max());
  void wake(Fiber* fiber);
  void join(std::uint64_t number);

  /// Fibers that wait for a lock or condition, by its address. Used by posix.cpp.
  std::unordered_map<const void*, std::deque<Fiber*>> waiting;

 private:
  struct Event {
    Nanoseconds at;
    std::uint64_t order;  // random, so that events of the same time have no fixed order
    std::uint64_t number;
    std::function<void()> action;
    friend bool operator<(const Event& left, const Event& right) {
      if (left.at != right.at) return left.at > right.at;
      if (left.order != right.order) return left.order > right.order;
      return left.number > right.number;
    }
  };
  void push(Nanoseconds at, std::function<void()> action);
  void resume_fiber(Fiber* fiber, std::uint64_t wait, bool woken);
  void switch_to(Fiber* fiber);
  void run_next();
  void enter_next();
  void switch_back();
  static void entry();

  Random random_;
  Nanoseconds now_{0};
  std::uint64_t steps_ = 0;
  std::uint64_t events_pushed_ = 0;
  std::uint64_t fibers_started_ = 0;
  std::priority_queue<Event> events_;
  std::vector<std::unique_ptr<Process>> processes_;
  std::map<std::uint64_t, std::unique_ptr<Fiber>> fibers_;
  std::vector<void*> free_stacks_;
  Fiber* running_ = nullptr;
  std::exception_ptr error_;
};

}  // namespace mm::simulation
