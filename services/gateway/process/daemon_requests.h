// The requests of one shard to the daemons. NATS gives a request to any instance of the daemon, and this class sends
// the request again in two cases:
//
// - No instance serves the subject, for example because the only instance is restarting. The request has reached none,
//   so this is safe for every request. Pauses: 0.1 s, doubled for each attempt.
// - No answer comes, because the instance has died or is frozen. This is done only for repeatable requests
//   (exchange/repeatable.h): after a quarter of the request's time the request is sent to the instance of
//   this daemon that answered last, and after two quarters to the next one. The first answer counts. Earlier attempts
//   stay valid, because the first instance may only be slow.
//
// Both only within the deadline of the request, and within a budget (core/retry_budget.h). No other part of the
// platform sends requests again. Used only on the loop of the shard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/bus/async_requests.h"
#include "services/gateway/core/answering_instances.h"
#include "services/gateway/core/retry_budget.h"
#include "services/gateway/net/loop.h"
#include "services/gateway/process/metrics.h"

namespace mm::gateway {

class DaemonRequests {
 public:
  static constexpr int kMaxUnanswered = 3;  ///< attempts of a repeatable request
  static constexpr Milliseconds kUnservedPause{100};

  struct Request {
    std::string_view subject;  ///< of a message struct
    std::string body;
    Caller caller;
    trace::Context trace;
    Deadline deadline;
    bool repeatable = false;
  };
  using Then = std::function<void(Reply<std::string>)>;

  /// `requests` and `metrics` must outlive the loop's work.
  DaemonRequests(Loop& loop, std::optional<bus::AsyncRequests>& requests, Metrics& metrics)
      : loop_(loop), requests_(requests), metrics_(metrics) {}

  /// `then` is called exactly once, on the loop, unless the loop stops before.
  void send(Request request, Then then);
  void on_tick(SteadyPoint now);
  /// Destroys the callbacks without calling them. After the loop has stopped.
  void drop_all();

 private:
  struct Pending {
    Request request;
    Then then;
    Milliseconds patience{0};          // time without an answer after which a repeatable request is sent again
    int attempts = 0;                  // that may have reached an instance
    int unserved = 0;                  // attempts for which no instance served the subject
    std::vector<std::string> tried{};  // instances whose own address was used
    SteadyPoint again_at = SteadyPoint::max();
  };
  using Id = std::uint64_t;

  void attempt(Id id, Pending& pending, const std::string& instance);
  void again(Id id, SteadyPoint now);
  void on_outcome(Id id, const std::string& instance, bus::AsyncRequests::Outcome outcome);
  void on_unserved(Id id, Pending& pending, const std::string& instance);
  void finish(Id id, Reply<std::string> reply);

  Loop& loop_;
  std::optional<bus::AsyncRequests>& requests_;
  Metrics& metrics_;
  RetryBudget budget_;
  double reported_budget_ = 0;
  AnsweringInstances instances_;
  std::unordered_map<Id, Pending> pending_;
  Id last_id_ = 0;
};

}  // namespace mm::gateway
