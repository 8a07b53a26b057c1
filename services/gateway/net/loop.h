// An event loop with its io thread. A connection is used only on the loop that accepted it, so it needs no locks. Other
// threads post their work (answers from the bus, frames) to the loop. A tick every 50 ms drives all deadlines, so that
// connections need no timers of their own.
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

  /// Runs `work` on the loop, later. Thread-safe.
  void post(std::function<void()> work);

  /// Registers a function to be called at each tick, on the loop. Must be called before `start`.
  void on_tick(std::function<void(SteadyPoint)> tick);

  void start();
  /// Stops the loop and joins its thread. Idempotent.
  void stop();
  /// Destroys all posted and pending handlers without running them, and the sockets that they own. Must be called after
  /// `stop`. The loop cannot be used afterwards; `post` then does nothing.
  void drop_all();

  boost::asio::io_context& context();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::gateway
