#include "tests/chaos/bots/calls.h"

#include <optional>
#include <utility>

#include "tests/chaos/bots/retry.h"

namespace mm::chaos {

Phase Outcome::phase_of_answer() const { return phase_of(answer.status); }

void Schedule::run(SteadyPoint now) {
  while (!actions_.empty() && actions_.begin()->first <= now) {
    const auto action = actions_.extract(actions_.begin());
    action.mapped()();
  }
}

struct Caller::Call {
  Route& route;
  Operation operation;
  Then then;
  SteadyPoint began;
  int attempts = 0;  // rounds of attempts; the copies of one round count as one
  int open = 0;      // attempts without an answer
  std::optional<Outcome> best;
  bool unsettled = false;
};

void Caller::call(Route& route, Operation operation, Then then, bool at_once) {
  const auto call = std::make_shared<Call>(
      Call{route, std::move(operation), std::move(then), std::chrono::steady_clock::now(), 1, 0, std::nullopt, false});
  const auto copies = static_cast<std::size_t>(call->operation.copies);
  call->open = call->operation.copies;
  if (at_once) attempt(call, 0);
  for (std::size_t copy = at_once ? 1 : 0; copy < copies; ++copy) {
    pacer_.submit([this, call, copy] { attempt(call, copy); });
  }
}

void Caller::attempt(const std::shared_ptr<Call>& call, std::size_t copy) {
  const auto gateway = (call->route.gateway + copy) % gateways_.size();
  auto fields = call->operation.fields;
  fields.add("gateway", static_cast<int>(gateway) + 1);
  const auto number = history_.begin(call->operation.op, fields);
  const auto sent = std::chrono::steady_clock::now();
  http_.send(gateways_[gateway], call->operation.request,
             [this, call, number, sent](const HttpAnswer& answer) { answered(call, number, sent, answer); });
}

void Caller::answered(const std::shared_ptr<Call>& call, std::int64_t number, SteadyPoint sent,
                      const HttpAnswer& answer) {
  Outcome outcome{answer, answer.code(), number, false};
  const auto phase = outcome.phase_of_answer();
  Fields fields;
  if (answer.status != 0) fields.add("status", answer.status);
  if (!outcome.code.empty()) fields.add("code", outcome.code);
  if (phase == Phase::ok && call->operation.read) fields.add_all(call->operation.read(answer));
  history_.end(number, call->operation.op, phase, fields);
  const auto now = std::chrono::steady_clock::now();
  stats_.record(call->operation.op, phase, outcome.code, std::chrono::duration_cast<Milliseconds>(now - sent));

  if (phase == Phase::info) call->unsettled = true;
  const bool better = !call->best || phase < call->best->phase_of_answer();
  if (better) call->best = std::move(outcome);
  if (--call->open == 0) settle(call);
}

void Caller::settle(const std::shared_ptr<Call>& call) {
  auto best = std::exchange(call->best, std::nullopt);
  const auto now = std::chrono::steady_clock::now();
  EndedAttempt ended;
  ended.status = best->answer.status;
  ended.code = best->code;
  ended.number = call->attempts;
  ended.since_first = std::chrono::duration_cast<Milliseconds>(now - call->began);
  ended.retry_after_seconds = best->answer.retry_after_seconds;
  ended.jitter = random_.fraction();
  const auto wait = call->operation.repeats ? retry_delay(ended) : std::nullopt;
  if (best->phase_of_answer() == Phase::info) ++call->route.gateway;
  if (!wait) {
    best->unsettled = call->unsettled;
    return call->then(*best);
  }
  ++call->attempts;
  call->open = 1;
  schedule_.at(now + *wait, [this, call] { pacer_.submit([this, call] { attempt(call, 0); }); });
}

}  // namespace mm::chaos
