// How the uncertainty of a rating grows with time. A stored deviation is valid at one moment. From then on it grows as
// if the skill took a random walk: its square increases by growth^2 per day, up to the deviation of a new player. In
// Glicko-2 `growth` is the player's volatility, in the other systems a constant (docs/RATINGS.md). Callers need not
// know which.
#pragma once

#include <algorithm>
#include <cmath>

#include "common/base/clock.h"
#include "common/contracts/profile.h"

namespace mm {

/// `growth`: points per square root of a day. A negative `elapsed` counts as zero.
/// Example: 60 points, growth 4.825, 365 days: sqrt(3600 + 23.28 * 365) = 110.0.
inline double deviation_after(double deviation, double growth, Milliseconds elapsed) {
  const double days = std::max(0.0, static_cast<double>(elapsed.count()) / 86'400'000.0);
  return std::min(kInitialDeviation, std::sqrt(deviation * deviation + growth * growth * days));
}

}  // namespace mm
