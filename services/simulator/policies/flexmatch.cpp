#include "services/simulator/policies/flexmatch.h"

#include <algorithm>
#include <cmath>

namespace mm::simulator {
namespace {

constexpr int kSteps = 8;

}  // namespace

FlexMatch::FlexMatch(const Terms& terms, ExpandBy expand_by)
    : terms_(terms), expand_by_(expand_by), chance_(terms.seed, 0xF1E8) {
  const ModeRules& rules = terms.rules;
  const bool linear = rules.widen == Widening::linear;
  const double growth = std::max(0.0, rules.max_window - rules.initial_window);
  step_points_ = linear ? growth / kSteps : rules.step_points;
  step_ms_ = std::max<matching::BucketMs>(
      1, std::llround((linear ? rules.widen_seconds / kSteps : rules.step_seconds) * 1000));
  max_points_ = rules.initial_window + growth;
}

void FlexMatch::enter(const WaitingTicket& ticket) {
  queue_.emplace(ticket.number, ticket);
  due_ = ticket.queued_at;
}

void FlexMatch::leave(TicketNumber number, matching::BucketMs) { queue_.erase(number); }

void FlexMatch::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  for (Tickets& batch : batches()) {
    for (std::size_t anchor = 0; anchor < batch.size(); ++anchor) {
      TeamsOfTickets teams;
      if (batch[anchor] == nullptr || !build(batch, anchor, now, teams)) continue;
      made.push_back(seat(teams));
      for (const MadeSeat& taken : made.back().seats) {
        const auto mine = [&](const WaitingTicket* ticket) {
          return ticket != nullptr && ticket->number == taken.ticket;
        };
        const auto found = std::find_if(batch.begin(), batch.end(), mine);
        if (found != batch.end()) *found = nullptr;
        queue_.erase(taken.ticket);
      }
    }
  }
  due_ = next_step(now);
}

/// Distributes the tickets at random; each batch is sorted by age.
std::vector<FlexMatch::Tickets> FlexMatch::batches() {
  const std::size_t count = (queue_.size() + kBatch - 1) / kBatch;
  std::vector<Tickets> all(count);
  for (const auto& [number, ticket] : queue_) {
    all[count == 1 ? 0 : chance_.below(count)].push_back(&ticket);
  }
  return all;
}

// Adds tickets by age, if the distances hold for all tickets of the match so far, and if the parties still fit.
bool FlexMatch::build(const Tickets& batch, std::size_t anchor, matching::BucketMs now, TeamsOfTickets& teams) const {
  Tickets chosen{batch[anchor]};
  double low = batch[anchor]->rating;
  double high = low;
  matching::BucketMs oldest = batch[anchor]->queued_at;
  matching::BucketMs newest = oldest;
  int players = batch[anchor]->size();
  for (std::size_t i = 0; i < batch.size() && players < terms_.match_players(); ++i) {
    const WaitingTicket* ticket = batch[i];
    if (ticket == nullptr || i == anchor || players + ticket->size() > terms_.match_players()) continue;
    const double new_low = std::min(low, ticket->rating);
    const double new_high = std::max(high, ticket->rating);
    const matching::BucketMs counted =
        expand_by_ == ExpandBy::newest ? std::max(newest, ticket->queued_at) : std::min(oldest, ticket->queued_at);
    if (terms_.rules.use_rating && new_high - new_low > distance_after(now - counted)) continue;
    chosen.push_back(ticket);
    if (!deal_evenly(chosen, terms_)) {
      chosen.pop_back();
      continue;
    }
    low = new_low;
    high = new_high;
    newest = std::max(newest, ticket->queued_at);
    oldest = std::min(oldest, ticket->queued_at);
    players += ticket->size();
  }
  if (players < terms_.match_players()) return false;
  auto dealt = deal_evenly(chosen, terms_);
  if (!dealt) return false;
  teams = std::move(*dealt);
  return true;
}

double FlexMatch::distance_after(matching::BucketMs waited_ms) const {
  const auto steps = static_cast<double>(std::max<matching::BucketMs>(0, waited_ms) / step_ms_);
  return std::min(max_points_, terms_.rules.initial_window + step_points_ * steps);
}

/// The next time at which a ticket's rules relax; kNever if nothing changes before another ticket enters.
matching::BucketMs FlexMatch::next_step(matching::BucketMs now) const {
  matching::BucketMs soonest = kNever;
  if (queue_.size() > kBatch) return now + terms_.tick_ms;  // the next tick draws other batches
  for (const auto& [number, ticket] : queue_) {
    const matching::BucketMs waited = now - ticket.queued_at;
    if (distance_after(waited) >= max_points_) continue;
    soonest = std::min(soonest, ticket.queued_at + (waited / step_ms_ + 1) * step_ms_);
  }
  return soonest;
}

}  // namespace mm::simulator
