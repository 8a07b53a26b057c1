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
// platform sends requests again.
//
// Requests are refused at once while the daemon answers nothing (core/circuit_breaker.h), and if too many requests wait
// for this daemon already: results and cancels last (common/contracts/work.h). Used only on the loop of the shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/bus/async_requests.h"
#include "common/contracts/work.h"
#include "common/runtime/breaker_metrics.h"
#include "services/gateway/core/answering_instances.h"
#include "services/gateway/core/circuit_breaker.h"
#include "services/gateway/core/retry_budget.h"
#include "services/gateway/net/loop.h"
#include "services/gateway/process/metrics.h"

namespace mm::gateway {

class DaemonRequests {
 public:
  static constexpr int kMaxUnanswered = 3;  ///< attempts of a repeatable request
  /// The most requests that wait for one daemon: half of Settings::max_in_flight, so that a slow daemon leaves room for
  /// the others.
  static constexpr std::size_t kMaxWaitingPerDaemon = 2'048;
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
  /// A daemon: the first token of its subjects.
  struct Dependency {
    CircuitBreaker breaker;
    metrics::BreakerMetrics breaker_metrics;
    std::size_t waiting = 0;
  };
  struct Pending {
    Request request;
    Then then;
    Dependency& dependency;
    SteadyPoint sent_at = std::chrono::steady_clock::now();
    Milliseconds patience{0};          // time without an answer after which a repeatable request is sent again
    int attempts = 0;                  // that may have reached an instance
    int unserved = 0;                  // attempts for which no instance served the subject
    std::vector<std::string> tried{};  // instances whose own address was used
    SteadyPoint again_at = SteadyPoint::max();
  };
  using Id = std::uint64_t;

  Dependency& dependency_of(std::string_view subject);
  static std::optional<Problem> refusal_of(Dependency& dependency, const Request& request);
  void count_outcome(Pending& pending, const bus::AsyncRequests::Outcome& outcome);
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
  std::map<std::string, Dependency, std::less<>> dependencies_;
  std::unordered_map<Id, Pending> pending_;
  Id last_id_ = 0;
};

}  // namespace mm::gateway
