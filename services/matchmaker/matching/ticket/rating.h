// Ratings inside the planner: integers in units of 1/6000 point. Hundredths of a point are exact, and so is their mean
// over parties of up to 6 (6000 = 100 * lcm(1..6)). So comparisons such as "exactly 100 points apart" involve no
// rounding.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "common/contracts/matchmaker.h"

namespace mm::matching {

/// 32 bits hold +-357,913 points. Ratings, offsets and windows together stay below 60,000 points.
using Rating = std::int32_t;
inline constexpr int kUnitsPerPoint = 6000;
inline constexpr int kUnitsPerHundredth = kUnitsPerPoint / 100;

inline double points(std::int64_t rating) { return static_cast<double>(rating) / kUnitsPerPoint; }
/// Rounds to the nearest unit.
inline Rating rating_of(double points) { return static_cast<Rating>(std::llround(points * kUnitsPerPoint)); }

/// The mean of the players' ratings, in points; 0 without players.
inline double mean_rating(const std::vector<TicketPlayer>& players) {
  double sum = 0;
  for (const auto& player : players) sum += player.mmr;
  return players.empty() ? 0 : sum / static_cast<double>(players.size());
}

}  // namespace mm::matching
