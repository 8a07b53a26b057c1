#include "services/simulator/world/checker.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace mm::simulator {
namespace {

/// The core rounds ratings to 1/6000 point, and latencies are single precision here.
constexpr double kTolerance = 1e-3;

struct Present {
  const WaitingTicket* ticket;
  std::set<int> players;
  std::set<int> teams;
};

bool too_far_apart(const ModeRules& rules, const std::map<TicketNumber, Present>& present, matching::BucketMs now) {
  if (!rules.use_rating) return false;
  for (auto a = present.begin(); a != present.end(); ++a) {
    for (auto b = std::next(a); b != present.end(); ++b) {
      const double gap = std::fabs(a->second.ticket->rating - b->second.ticket->rating);
      const double accepted = std::min(accepted_gap(rules, now - a->second.ticket->queued_at),
                                       accepted_gap(rules, now - b->second.ticket->queued_at));
      if (gap > accepted + kTolerance) return true;
    }
  }
  return false;
}

/// The best region is open at once, others open as the wait grows; regions above the mode's limit never open.
bool may_play_in(const ModeRules& rules, const WaitingTicket& ticket, std::size_t region, matching::BucketMs now) {
  if (ticket.latencies.empty()) return region == ticket.region;
  if (region >= ticket.latencies.size()) return false;
  const auto here = static_cast<double>(ticket.latencies[region]);
  if (rules.max_latency_ms && here > *rules.max_latency_ms + kTolerance) return false;
  const auto best = static_cast<double>(*std::min_element(ticket.latencies.begin(), ticket.latencies.end()));
  if (here - best <= kTolerance) return true;
  const double waited_seconds = static_cast<double>(now - ticket.queued_at) / 1000;
  const double opened = std::floor(waited_seconds / rules.latency_step_seconds + 1e-9) * rules.latency_step_ms;
  return here - best <= opened + kTolerance;
}

bool sizes_fit(const MadeMatch& match, const Terms& terms) {
  std::vector<int> sizes(static_cast<std::size_t>(terms.rules.teams), 0);
  for (const MadeSeat& seat : match.seats) {
    if (seat.team >= sizes.size()) return false;
    ++sizes[seat.team];
  }
  return std::all_of(sizes.begin(), sizes.end(), [&](int size) { return size == terms.team_size; });
}

}  // namespace

double accepted_gap(const ModeRules& rules, matching::BucketMs waited_ms) {
  const double waited = std::max(0.0, static_cast<double>(waited_ms) / 1000);
  const double most = std::max(rules.initial_window, rules.max_window);
  if (rules.widen == Widening::linear) {
    return rules.initial_window + (most - rules.initial_window) * std::min(1.0, waited / rules.widen_seconds);
  }
  return std::min(most, rules.initial_window + rules.step_points * std::floor(waited / rules.step_seconds));
}

Faults check_match(const MadeMatch& match, const Terms& terms, matching::BucketMs now, const FindTicket& find) {
  Faults faults;
  std::map<TicketNumber, Present> present;
  for (const MadeSeat& seat : match.seats) {
    const WaitingTicket* ticket = find(seat.ticket);
    if (ticket == nullptr || seat.player >= ticket->players.size()) {
      faults.unknown = true;
      continue;
    }
    Present& here = present.try_emplace(seat.ticket, Present{ticket, {}, {}}).first->second;
    if (!here.players.insert(seat.player).second) faults.unknown = true;
    here.teams.insert(seat.team);
  }
  faults.sizes = !sizes_fit(match, terms);
  for (const auto& [number, here] : present) {
    if (here.teams.size() != 1 || here.players.size() != here.ticket->players.size()) faults.split = true;
    if (!may_play_in(terms.rules, *here.ticket, match.region, now)) faults.region = true;
    if (here.ticket->deadline <= now) faults.late = true;
  }
  faults.windows = too_far_apart(terms.rules, present, now);
  return faults;
}

FaultCounts& FaultCounts::operator+=(const FaultCounts& other) {
  matches += other.matches;
  faulty += other.faulty;
  unknown += other.unknown;
  sizes += other.sizes;
  split += other.split;
  windows += other.windows;
  region += other.region;
  late += other.late;
  return *this;
}

void FaultCounts::add(const Faults& faults) {
  ++matches;
  faulty += faults.any() ? 1U : 0U;
  unknown += faults.unknown ? 1U : 0U;
  sizes += faults.sizes ? 1U : 0U;
  split += faults.split ? 1U : 0U;
  windows += faults.windows ? 1U : 0U;
  region += faults.region ? 1U : 0U;
  late += faults.late ? 1U : 0U;
}

}  // namespace mm::simulator
