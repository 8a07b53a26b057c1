// Many requests in flight without a thread each: one wildcard inbox and a table of what waits. For whoever must not hold
// a thread for each: the gateway's loops, a matchmaker that passes explanations on. Handlers run on a NATS thread
// (answers) or the timer thread (deadlines), exactly once, and only post to a thread of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/bus/bus.h"

namespace mm::bus {

class AsyncRequests {
 public:
  using Handler = std::function<void(Reply<std::string>)>;

  AsyncRequests(Bus& bus, metrics::Registry& metrics);
  /// Answers everything still waiting with `unavailable`.
  ~AsyncRequests();
  AsyncRequests(const AsyncRequests&) = delete;
  AsyncRequests& operator=(const AsyncRequests&) = delete;

  void request(std::string_view subject, std::string body, const Caller& caller, const trace::Context& trace,
               Deadline deadline, Handler handler);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
