#include "services/matchmaker/after_commit/outcomes.h"

#include <utility>

#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kApplyTimeout{1'000};
constexpr Milliseconds kRequestTimeout{1'000};

/// Limit of players in one request: some 500 KB, half of the bus's message limit.
constexpr std::size_t kMaxPlayersPerRequest = 2'000;

std::size_t players_in(const MatchFound& found) {
  std::size_t players = 0;
  for (const auto& team : found.teams) players += team.players.size();
  return players;
}

OutcomeKind kind_of(MatchStatus status) {
  switch (status) {
    case MatchStatus::allocating:
    case MatchStatus::loading: return OutcomeKind::known;
    case MatchStatus::ready:
    case MatchStatus::running: return OutcomeKind::ready;
    case MatchStatus::completed: return OutcomeKind::completed;
    case MatchStatus::cancelled: break;
  }
  return OutcomeKind::cancelled;
}

}  // namespace

Outcomes::Outcomes(RequestStore& store, bus::Bus& bus, MatchPublisher& publisher, Metrics& metrics,
                   std::function<void(const Tenant&)> tickets_changed)
    : store_(store),
      bus_(bus),
      publisher_(publisher),
      metrics_(metrics),
      tickets_changed_(std::move(tickets_changed)) {}

bus::Ack Outcomes::on(const MatchReady& event) {
  return apply({event.tenant, event.match_id, OutcomeKind::ready, {}, {}});
}

bus::Ack Outcomes::on(const MatchCompleted& event) {
  return apply({event.tenant, event.match_id, OutcomeKind::completed, {}, {}});
}

bus::Ack Outcomes::on(const MatchCancelled& event) {
  return apply({event.tenant, event.match_id, OutcomeKind::cancelled, event.reason, event.requeue});
}

// Idempotent by the match id: after its outcome was applied, a match is not live any more.
bus::Ack Outcomes::apply(const MatchOutcome& outcome) {
  ++session_messages_;
  const auto result = store_.outcome(outcome, Deadline::after(kApplyTimeout));
  if (!result) return bus::Ack::retry;
  if (result->changed) metrics_.outcomes.add();
  applied(outcome, *result);
  return bus::Ack::done;
}

void Outcomes::applied(const MatchOutcome& outcome, const OutcomeResult& result) {
  if (result.cancelled) publisher_.notify_cancelled(*result.cancelled, outcome.reason, result.requeued);
  if (result.changed) tickets_changed_(outcome.tenant);
}

bool Outcomes::apply_answers(const std::vector<MatchOutcome>& outcomes, Deadline deadline) {
  if (outcomes.empty()) return true;
  const auto results = store_.outcomes(outcomes, deadline.within(kApplyTimeout));
  if (!results) return false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const auto& result = (*results)[i];
    if (!result) {
      log::error("outcome_refused", {{"match_id", outcomes[i].match}});
      continue;
    }
    if (result->changed) metrics_.repaired.add();
    applied(outcomes[i], *result);
  }
  return true;
}

Reply<std::map<LiveMatch, Outcomes::ReconcileResult>> Outcomes::reconcile(const std::vector<LiveMatch>& matches,
                                                                          Deadline deadline) {
  const auto texts = store_.live_texts(matches, deadline.within(kApplyTimeout));
  if (!texts) return refuse(Code::unavailable, "the queue does not answer");
  std::map<LiveMatch, ReconcileResult> results;
  std::vector<LiveMatch> asked;
  ReconcileMatches request;
  std::size_t players = 0;
  for (std::size_t i = 0; i < matches.size(); ++i) {
    const auto& [live, found] = (*texts)[i];
    if (!live || !found) {
      results[matches[i]] = live ? ReconcileResult::unreadable : ReconcileResult::over;
      continue;
    }
    players += players_in(*found);
    const bool full = request.matches.size() >= ReconcileMatches::kMaxMatches || players > kMaxPlayersPerRequest;
    if (full && !request.matches.empty()) continue;
    request.matches.push_back(*found);
    asked.push_back(matches[i]);
  }
  if (asked.empty()) return results;
  const auto answer = bus_.request(request, Caller{}, deadline.within(kRequestTimeout));
  if (!answer) return fail(answer.error());
  ++session_messages_;
  if (answer->matches.size() != asked.size())
    return refuse(Code::internal_error, "session answered about other matches");
  std::vector<MatchOutcome> outcomes;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const auto& state = answer->matches[i];
    const auto& [tenant, match] = asked[i];
    outcomes.push_back({tenant, match, kind_of(state.status), state.reason.value_or(CancelReason::no_server),
                        state.requeue.value_or(std::vector<TicketId>{})});
    if (state.fresh) publisher_.announce_if_new(request.matches[i]);
    results[asked[i]] = is_over(state.status) ? ReconcileResult::over : ReconcileResult::confirmed;
  }
  if (!apply_answers(outcomes, deadline)) return refuse(Code::unavailable, "the queue does not answer");
  return results;
}

}  // namespace mm::matchmaker
