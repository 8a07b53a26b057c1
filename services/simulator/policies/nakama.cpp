#include "services/simulator/policies/nakama.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/rules/window.h"

namespace mm::simulator {

Nakama::Nakama(const Terms& terms, Precision precision)
    : terms_(terms), precision_(precision), chance_(terms.seed, 0x4A4A) {}

void Nakama::enter(const WaitingTicket& ticket) {
  // Intervals also pass while the queue is empty.
  if (queue_.empty() && next_interval_ < ticket.queued_at) {
    const matching::BucketMs missed = (ticket.queued_at - next_interval_ + kIntervalMs - 1) / kIntervalMs;
    next_interval_ += missed * kIntervalMs;
  }
  const auto at = queue_.emplace(ticket.number, ticket).first;
  by_rating_.emplace(ticket.rating, &at->second);
}

void Nakama::leave(TicketNumber number, matching::BucketMs) {
  const auto found = queue_.find(number);
  if (found == queue_.end()) return;
  auto [begin, end] = by_rating_.equal_range(found->second.rating);
  const auto mine = std::find_if(begin, end, [&](const auto& entry) { return entry.second == &found->second; });
  if (mine != end) by_rating_.erase(mine);
  queue_.erase(found);
}

void Nakama::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  if (now < next_interval_) return;
  next_interval_ += kIntervalMs;
  std::vector<TicketNumber> order;
  for (const auto& [number, ticket] : queue_) order.push_back(number);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[chance_.below(i)]);
  for (const TicketNumber number : order) {
    const auto searcher = queue_.find(number);
    Combination found;
    if (searcher == queue_.end() || !search(searcher->second, now, found)) continue;
    found.push_back(&searcher->second);
    const auto whole = deal_evenly(found, terms_);
    made.push_back(whole ? seat(*whole) : deal_players(found, terms_));
    for (const MadeSeat& taken : made.back().seats) leave(taken.ticket, now);
  }
}

bool Nakama::search(const WaitingTicket& searcher, matching::BucketMs now, Combination& found) const {
  const double reach = terms_.rules.use_rating ? matching::window_points(terms_.rules, now - searcher.queued_at) : 1e9;
  Combination hits;
  const auto end = by_rating_.upper_bound(searcher.rating + reach);
  for (auto hit = by_rating_.lower_bound(searcher.rating - reach); hit != end; ++hit) {
    if (hit->second != &searcher) hits.push_back(hit->second);
  }
  std::sort(hits.begin(), hits.end(), [](const auto* a, const auto* b) { return a->number < b->number; });
  struct Open {
    Combination tickets;
    int players;
  };
  std::vector<Open> combinations;
  for (const WaitingTicket* hit : hits) {
    if (precision_ == Precision::mutual && !accepts(*hit, searcher, now)) continue;
    const int most = terms_.match_players() - searcher.size();
    const auto fits = [&](const Open& open) {
      return open.players + hit->size() <= most && joins(open.tickets, *hit, now);
    };
    auto open = std::find_if(combinations.begin(), combinations.end(), fits);
    if (open == combinations.end()) open = combinations.insert(open, Open{{}, 0});
    open->tickets.push_back(hit);
    open->players += hit->size();
    if (open->players != most) continue;
    found = std::move(open->tickets);
    return true;
  }
  return false;
}

bool Nakama::accepts(const WaitingTicket& asked, const WaitingTicket& offered, matching::BucketMs now) const {
  if (!terms_.rules.use_rating) return true;
  return std::fabs(asked.rating - offered.rating) <= matching::window_points(terms_.rules, now - asked.queued_at);
}

bool Nakama::joins(const Combination& combination, const WaitingTicket& hit, matching::BucketMs now) const {
  if (precision_ == Precision::one_way) return true;
  return std::all_of(combination.begin(), combination.end(), [&](const WaitingTicket* other) {
    return accepts(*other, hit, now) && accepts(hit, *other, now);
  });
}

}  // namespace mm::simulator
