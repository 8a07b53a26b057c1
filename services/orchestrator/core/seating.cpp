#include "services/orchestrator/core/seating.h"

#include <algorithm>

namespace mm::orchestrator {

void Seating::set_open(ServerId server, bool open) { servers_[server].open = open; }

void Seating::remove(ServerId server) {
  servers_.erase(server);
  std::erase_if(seats_, [&](const auto& seated) { return seated.second.server == server; });
}

std::optional<Seat> Seating::of(MatchId match) const {
  const auto found = seats_.find(match);
  if (found == seats_.end()) return std::nullopt;
  return found->second;
}

std::optional<Seat> Seating::take(MatchId match) {
  if (auto seat = of(match)) return seat;
  std::pair<const ServerId, Server>* fullest = nullptr;
  for (auto& entry : servers_) {
    if (!entry.second.open || entry.second.taken.all()) continue;
    if (fullest == nullptr || entry.second.taken.count() > fullest->second.taken.count()) fullest = &entry;
  }
  if (fullest == nullptr) return std::nullopt;
  int slot = 0;
  while (fullest->second.taken.test(static_cast<std::size_t>(slot))) ++slot;
  const Seat seat{fullest->first, slot};
  restore(match, seat);
  return seat;
}

void Seating::restore(MatchId match, const Seat& seat) {
  free(match);
  auto& taken = servers_[seat.server].taken;
  const auto slot = static_cast<std::size_t>(seat.slot);
  if (taken.test(slot)) {
    std::erase_if(seats_, [&](const auto& seated) { return seated.second == seat; });
  }
  taken.set(slot);
  seats_.emplace(match, seat);
}

void Seating::free(MatchId match) {
  const auto found = seats_.find(match);
  if (found == seats_.end()) return;
  servers_[found->second.server].taken.reset(static_cast<std::size_t>(found->second.slot));
  seats_.erase(found);
}

std::vector<MatchId> Seating::seated() const {
  std::vector<MatchId> matches;
  for (const auto& [match, seat] : seats_) matches.push_back(match);
  return matches;
}

int servers_wanted(int matches, int most) {
  const int needed = (matches + kSpareMatches + game::kMatchesPerServer - 1) / game::kMatchesPerServer;
  return std::clamp(needed, 1, std::max(1, most));
}

}  // namespace mm::orchestrator
