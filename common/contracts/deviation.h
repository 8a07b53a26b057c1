// How the certainty of a rating fades. A deviation is that of one moment; afterwards it grows as if the skill took a
// random walk: its square by growth^2 a day, up to that of a player nobody knows. What a walk adds per day is the
// player's own volatility in Glicko-2, and one constant elsewhere (docs/RATINGS.md); readers need not know which.
#pragma once

#include <algorithm>
#include <cmath>

#include "common/base/clock.h"
#include "common/contracts/profile.h"

namespace mm {

/// `growth`: points per square root of a day. Before its moment a deviation is what it is then.
/// Worked: 60 points, growth 4.825, 365 days: sqrt(3600 + 23.28 * 365) = 110.0.
inline double deviation_after(double deviation, double growth, Milliseconds elapsed) {
  const double days = std::max(0.0, static_cast<double>(elapsed.count()) / 86'400'000.0);
  return std::min(kInitialDeviation, std::sqrt(deviation * deviation + growth * growth * days));
}

}  // namespace mm
