// AsyncRequests: many outstanding requests without a thread for each, on one wildcard inbox. Used by the gateway's
// event loops and by a matchmaker that passes on explanations. Each handler is called exactly once, on a NATS thread
// (answers) or the timer thread (deadlines). Handlers must not block and should only post to another thread.
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
  /// Ends all outstanding requests with `unavailable`.
  ~AsyncRequests();
  AsyncRequests(const AsyncRequests&) = delete;
  AsyncRequests& operator=(const AsyncRequests&) = delete;

  void request(std::string_view subject, std::string_view body, const Caller& caller, const trace::Context& trace,
               Deadline deadline, Handler handler);

  /// What a caller that may send a request again needs to know about the end of this attempt.
  struct Outcome {
    Reply<std::string> reply;
    std::string instance;   ///< the address of the instance that answered; empty if none did
    bool unserved = false;  ///< no instance serves the subject, so the request has reached none
  };
  using OutcomeHandler = std::function<void(Outcome)>;
  /// As request(). `subject` may be the own address of an instance: addressed().
  void attempt(std::string_view subject, std::string_view body, const Caller& caller, const trace::Context& trace,
               Deadline deadline, OutcomeHandler handler);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::bus
