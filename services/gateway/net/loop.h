// One io thread: everything a connection does happens on the loop it was accepted on, so nothing there is locked. What
// other threads know (answers from the bus, frames) is posted to it. A tick every 50 ms drives all deadlines: one timer
// for a thousand sockets.
#pragma once

#include <functional>
#include <memory>

#include "common/base/clock.h"

namespace boost::asio {
class io_context;
}

namespace mm::gateway {

class Loop {
 public:
  static constexpr Milliseconds kTick{50};

  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// From any thread: runs `work` on the loop, soon.
  void post(std::function<void()> work);

  /// Called at each tick, on the loop. Before `start` only.
  void on_tick(std::function<void(SteadyPoint)> tick);

  void start();
  /// Ends the thread. Idempotent.
  void stop();
  /// After `stop`: drops everything that was posted or waits, and the sockets it holds. The loop is of no use then.
  void drop_all();

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::gateway
