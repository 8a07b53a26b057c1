#include "services/matchmaker/outcomes.h"

#include <utility>

#include "common/contracts/session.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kApply{1'000};
constexpr Milliseconds kAsk{1'000};

}  // namespace

Outcomes::Outcomes(QueueStore& store, bus::Bus& bus, Metrics& metrics, std::function<void()> tickets_changed)
    : store_(store), bus_(bus), metrics_(metrics), tickets_changed_(std::move(tickets_changed)) {}

bus::Ack Outcomes::on(const MatchReady& event) { return apply(event.tenant, event.match_id, MatchState::ready, {}); }

bus::Ack Outcomes::on(const MatchCompleted& event) {
  return apply(event.tenant, event.match_id, MatchState::completed, {});
}

bus::Ack Outcomes::on(const MatchCancelled& event) {
  return apply(event.tenant, event.match_id, MatchState::cancelled, event.requeue);
}

// Idempotent by the match: once its outcome is applied it is not live any more.
bus::Ack Outcomes::apply(const Tenant& tenant, MatchId match, MatchState state, const std::vector<TicketId>& requeue) {
  const auto applied = store_.outcome(tenant, match, state, requeue, Deadline::after(kApply));
  if (!applied) return bus::Ack::retry;
  if (*applied) {
    metrics_.outcomes.add();
    tickets_changed_();
  }
  return bus::Ack::done;
}

Reply<Outcomes::Standing> Outcomes::ask(const Tenant& tenant, MatchId match, Deadline deadline) {
  GetMatch question;
  question.match_id = match;
  Caller caller;
  caller.tenant = tenant;
  const auto view = bus_.request(question, caller, deadline.within(kAsk));
  if (!view) {
    const auto code = view.error().code;
    if (code == Code::not_found || code == Code::no_match) return Standing::missing;
    return fail(view.error());
  }
  if (view->status == MatchStatus::allocating || view->status == MatchStatus::loading) return Standing::waiting;
  const auto state = view->status == MatchStatus::completed   ? MatchState::completed
                     : view->status == MatchStatus::cancelled ? MatchState::cancelled
                                                              : MatchState::ready;
  const auto applied =
      store_.outcome(tenant, match, state, view->requeue.value_or(std::vector<TicketId>{}), deadline.within(kApply));
  if (!applied) return refuse(Code::unavailable, "The queue does not answer");
  if (*applied) {
    metrics_.repaired.add();
    tickets_changed_();
  }
  return state == MatchState::ready ? Standing::playing : Standing::over;
}

}  // namespace mm::matchmaker
