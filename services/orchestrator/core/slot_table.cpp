#include "services/orchestrator/core/slot_table.h"

#include <algorithm>

namespace mm::orchestrator {

void SlotTable::set_accepting(ServerId server, bool accepting) { servers_[server].accepting = accepting; }

void SlotTable::remove(ServerId server) {
  servers_.erase(server);
  std::erase_if(assigned_, [&](const auto& entry) { return entry.second.server == server; });
}

std::optional<ServerSlot> SlotTable::find(MatchId match) const {
  const auto found = assigned_.find(match);
  if (found == assigned_.end()) return std::nullopt;
  return found->second;
}

std::optional<ServerSlot> SlotTable::assign(MatchId match) {
  if (auto assigned = find(match)) return assigned;
  std::pair<const ServerId, Server>* fullest = nullptr;
  for (auto& entry : servers_) {
    if (!entry.second.accepting || entry.second.taken.all()) continue;
    if (fullest == nullptr || entry.second.taken.count() > fullest->second.taken.count()) fullest = &entry;
  }
  if (fullest == nullptr) return std::nullopt;
  int slot = 0;
  while (fullest->second.taken.test(static_cast<std::size_t>(slot))) ++slot;
  const ServerSlot assigned{fullest->first, slot};
  restore(match, assigned);
  return assigned;
}

void SlotTable::restore(MatchId match, const ServerSlot& assigned) {
  free(match);
  auto& taken = servers_[assigned.server].taken;
  const auto slot = static_cast<std::size_t>(assigned.slot);
  if (taken.test(slot)) {
    std::erase_if(assigned_, [&](const auto& entry) { return entry.second == assigned; });
  }
  taken.set(slot);
  assigned_.emplace(match, assigned);
}

void SlotTable::free(MatchId match) {
  const auto found = assigned_.find(match);
  if (found == assigned_.end()) return;
  servers_[found->second.server].taken.reset(static_cast<std::size_t>(found->second.slot));
  assigned_.erase(found);
}

std::vector<MatchId> SlotTable::matches() const {
  std::vector<MatchId> matches;
  for (const auto& [match, assigned] : assigned_) matches.push_back(match);
  return matches;
}

int servers_wanted(int matches, int limit) {
  const int needed = (matches + kSpareSlots + game::kMatchesPerServer - 1) / game::kMatchesPerServer;
  return std::clamp(needed, 1, std::max(1, limit));
}

}  // namespace mm::orchestrator
