// Performs one operation of a bot: an attempt is one request and one operation of the history; an operation whose
// outcome is unknown is attempted again with the same Idempotency-Key.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/chaos/bots/history.h"
#include "tests/chaos/bots/http_client.h"
#include "tests/chaos/bots/pacer.h"
#include "tests/chaos/bots/random.h"
#include "tests/chaos/bots/stats.h"

namespace mm::chaos {

struct Operation {
  std::string_view op;  ///< name in the history, a constant
  Fields fields;        ///< of the invoke lines
  HttpRequest request;
  bool repeats = true;  ///< false: one attempt only
  int copies = 1;       ///< number of equal attempts that begin at once, each at another gateway
  std::function<Fields(const HttpAnswer&)> read;  ///< further fields of an ok line; may be absent
};

/// The end of an operation: its best answer (ok before fail before no answer).
struct Outcome {
  HttpAnswer answer;
  std::string code;         ///< of the problem, if there is one
  std::int64_t number = 0;  ///< of the attempt with this answer
  bool unsettled = false;   ///< an attempt had an unknown outcome, so it may still take effect

  bool ok() const { return phase_of_answer() == Phase::ok; }
  Phase phase_of_answer() const;
};

/// The gateway that a bot uses; the number grows after an unknown outcome, so that the next attempt goes elsewhere.
struct Route {
  std::size_t gateway = 0;
};

/// Calls actions later. Not thread-safe.
class Schedule {
 public:
  void at(SteadyPoint when, std::function<void()> action) { actions_.emplace(when, std::move(action)); }
  void run(SteadyPoint now);

 private:
  std::multimap<SteadyPoint, std::function<void()>> actions_;
};

class Caller {
 public:
  using Then = std::function<void(const Outcome&)>;

  Caller(std::vector<GatewayAddress> gateways, History& history, HttpClient& http, Pacer& pacer, Schedule& schedule,
         Random& random, Stats& stats)
      : gateways_(std::move(gateways)),
        history_(history),
        http_(http),
        pacer_(pacer),
        schedule_(schedule),
        random_(random),
        stats_(stats) {}

  /// Begins the operation when the rate allows. `then` is called once; never within this call. `at_once`: the caller
  /// was called by the pacer and begins its one attempt now.
  void call(Route& route, Operation operation, Then then, bool at_once = false);
  const GatewayAddress& gateway(std::size_t number) const { return gateways_[number % gateways_.size()]; }
  std::size_t gateways() const { return gateways_.size(); }

 private:
  struct Call;
  void attempt(const std::shared_ptr<Call>& call, std::size_t copy);
  void answered(const std::shared_ptr<Call>& call, std::int64_t number, SteadyPoint sent, const HttpAnswer& answer);
  void settle(const std::shared_ptr<Call>& call);

  const std::vector<GatewayAddress> gateways_;
  History& history_;
  HttpClient& http_;
  Pacer& pacer_;
  Schedule& schedule_;
  Random& random_;
  Stats& stats_;
};

}  // namespace mm::chaos
