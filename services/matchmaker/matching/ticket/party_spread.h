// Checks whether the ratings of a party's players are close enough for a mode. Applied before a ticket is created.
#pragma once

#include <algorithm>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matching {

/// The highest minus the lowest rating of the players, in points.
inline double party_spread(const std::vector<TicketPlayer>& players) {
  if (players.empty()) return 0;
  const auto [low, high] = std::minmax_element(
      players.begin(), players.end(), [](const TicketPlayer& a, const TicketPlayer& b) { return a.mmr < b.mmr; });
  return high->mmr - low->mmr;
}

inline bool party_spread_allowed(const ModeRules& rules, const std::vector<TicketPlayer>& players) {
  return !rules.max_party_spread || party_spread(players) <= *rules.max_party_spread;
}

}  // namespace mm::matching
