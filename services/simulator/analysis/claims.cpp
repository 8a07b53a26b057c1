#include "services/simulator/analysis/claims.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "services/matchmaker/matching/ticket/premade_offset.h"

namespace mm::simulator {
namespace {

std::string seconds_text(matching::BucketMs ms) {
  char text[48];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ms) / 1000);
  return text;
}

std::string points_text(double points) {
  char text[48];
  std::snprintf(text, sizeof text, "%g", std::round(points * 100) / 100);
  return text;
}

matching::BucketMs asked_at(const matching::TickTimes& ticks) { return ticks.first - ticks.every; }

std::string what_came(const Standstill::End* end, matching::BucketMs asked) {
  if (end == nullptr) return "it still waits at that time";
  return std::string(end->matched ? "it is matched" : "it times out") + " in " + seconds_text(end->at - asked);
}

Claim check_forecast(const Explanation& explanation, const Forecast& forecast, const matching::TickTimes& ticks,
                     const std::map<TicketId, Standstill::End>& ends) {
  const auto found = ends.find(explanation.ticket_id);
  const Standstill::End* end = found == ends.end() ? nullptr : &found->second;
  const matching::BucketMs at = claims_until(explanation, ticks);
  const std::string came = what_came(end, asked_at(ticks));
  Claim claim;
  switch (forecast.outcome) {
    case WaitOutcome::matched:
      claim.is_true = end != nullptr && end->matched && end->at == at;
      claim.finding = "matched in " + seconds_text(at - asked_at(ticks)) + ", and not before";
      break;
    case WaitOutcome::times_out:
      claim.is_true = end != nullptr && !end->matched && end->at == at;
      claim.finding = "never matched, times out in " + seconds_text(at - asked_at(ticks));
      break;
    case WaitOutcome::unknown:
      claim.is_true = end == nullptr || end->at >= at;
      claim.finding = "not matched before " + seconds_text(at - asked_at(ticks));
      break;
  }
  claim.finding += claim.is_true ? ": true" : ": NOT TRUE, " + came;
  return claim;
}

/// The newcomers that core/counterfactual.cpp assumes for its explanation.
std::vector<matching::PoolTicket> newcomers_of(const Newcomers& with, const matching::PoolTicket& subject,
                                               const ModeRules& rules, const matching::TickTimes& ticks) {
  const auto size = static_cast<std::size_t>(with.party_size);
  const double offset = matching::premade_offset(rules, size);
  std::vector<matching::PoolTicket> tickets;
  for (int i = 0; i < with.parties; ++i) {
    Uuid id;
    id.bytes[0] = 0xFE;  // distinguishes them from all real ids, which have a version
    id.bytes[1] = static_cast<std::uint8_t>(i);
    matching::PoolTicket& ticket = tickets.emplace_back();
    ticket.id = TicketId(id);
    ticket.players.assign(size, {PlayerId(id), with.rating - offset, subject.players.front().deviation});
    ticket.queued_at = ticks.first;
    ticket.deadline = ticks.first + 60'000;
  }
  return tickets;
}

}  // namespace

matching::BucketMs claims_until(const Explanation& explanation, const matching::TickTimes& ticks) {
  if (!explanation.forecast) return ticks.first;
  return asked_at(ticks) + std::llround(explanation.forecast->in_seconds * 1000);
}

std::vector<Claim> check_claims(const Explanation& explanation, const Standstill& queue,
                                const std::map<TicketId, Standstill::End>& ends) {
  std::vector<Claim> claims;
  if (explanation.forecast) claims.push_back(check_forecast(explanation, *explanation.forecast, queue.ticks(), ends));
  const auto now = [&](Claim::Kind kind, std::string what, bool is_true) {
    claims.push_back({kind, is_true, std::move(what) + (is_true ? ": true" : ": NOT TRUE")});
  };
  if (const auto& window = explanation.matched_now_with_window) {
    now(Claim::Kind::window, "matched now with a window of ±" + points_text(*window) + " for everybody",
        queue.window_matches(explanation.ticket_id, *window));
  }
  const matching::PoolTicket* subject = queue.find(explanation.ticket_id);
  if (const auto& with = explanation.matched_now_with; with && subject != nullptr) {
    const std::string who = with->party_size == 1 ? "players" : "parties of " + std::to_string(with->party_size);
    now(Claim::Kind::newcomers,
        "matched now with " + std::to_string(with->parties) + " more " + who + " at " + points_text(with->rating),
        queue.next_tick_matches(explanation.ticket_id, newcomers_of(*with, *subject, queue.rules(), queue.ticks())));
  }
  return claims;
}

}  // namespace mm::simulator
