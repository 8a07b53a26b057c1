// How far from its own rating a ticket accepts others. It grows with the wait.
#pragma once

#include "common/contracts/modes.h"
#include "services/matchmaker/core/rating.h"
#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

/// In points, after so long a wait (negative counts as 0). Linear: 100 -> 500 over 40 s is 300 after 20 s. Steps:
/// 50 points every 5 s from 100 is 150 after 5.0 s and still 150 after 9.9 s.
double window_points(const ModeRules& rules, BucketMs waited_ms);

}  // namespace mm::matchmaker
