#include "services/simulator/policies/nearest.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/rules/window.h"

namespace mm::simulator {

void Nearest::enter(const WaitingTicket& ticket) {
  queue_.emplace(ticket.number, ticket);
  due_ = ticket.queued_at;
}

void Nearest::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  std::vector<TicketNumber> order;
  for (const auto& [number, ticket] : queue_) order.push_back(number);
  for (const TicketNumber number : order) {
    const auto anchor = queue_.find(number);
    TeamsOfTickets teams;
    if (anchor == queue_.end() || !build(anchor->second, now, teams)) continue;
    made.push_back(seat(teams));
    for (const MadeSeat& taken : made.back().seats) queue_.erase(taken.ticket);
  }
  due_ = now + terms_.tick_ms;  // windows grow continuously
}

bool Nearest::build(const WaitingTicket& anchor, matching::BucketMs now, TeamsOfTickets& teams) const {
  const auto window = [&](const WaitingTicket& ticket) {
    return terms_.rules.use_rating ? matching::window_points(terms_.rules, now - ticket.queued_at) : 1e9;
  };
  const double reach = window(anchor);
  std::vector<std::pair<double, const WaitingTicket*>> near;
  for (const auto& [number, ticket] : queue_) {
    const double gap = std::fabs(ticket.rating - anchor.rating);
    if (&ticket != &anchor && gap <= reach && gap <= window(ticket)) near.emplace_back(gap, &ticket);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const WaitingTicket*> chosen{&anchor};
  int players = anchor.size();
  for (const auto& [gap, ticket] : near) {
    if (players == terms_.match_players()) break;
    if (players + ticket->size() > terms_.match_players()) continue;
    const bool accepted = std::all_of(chosen.begin(), chosen.end(), [&, ticket = ticket](const WaitingTicket* other) {
      return std::fabs(other->rating - ticket->rating) <= std::min(window(*other), window(*ticket));
    });
    if (!accepted) continue;
    chosen.push_back(ticket);
    if (deal_evenly(chosen, terms_)) players += ticket->size();
    else chosen.pop_back();
  }
  auto dealt = players == terms_.match_players() ? deal_evenly(chosen, terms_) : std::nullopt;
  if (dealt) teams = std::move(*dealt);
  return dealt.has_value();
}

}  // namespace mm::simulator
