// Explains why a ticket waits, with figures: the rule that keeps it waiting, its nearest neighbours checked rule by
// rule, a forecast of what happens to it if no ticket arrives, and the changes that would match it in the next tick.
//
// explain() is a pure function of a copy (neighbourhood.h), so any thread may call it. All work is bounded by step
// counts. Where a step limit is reached, the answer leaves that part unknown instead of guessing.
//
// Guarantees, checked by tests. If no ticket arrives and tickets leave only by being matched, the forecast tick matches
// the ticket and no earlier tick does. If every window were exactly `matched_now_with_window`, the next tick would
// match the ticket. If the tickets in `matched_now_with` joined the queue, the next tick would match it as well.
#pragma once

#include "common/contracts/explain.h"
#include "services/matchmaker/matching/explain/forecast.h"
#include "services/matchmaker/matching/explain/neighbourhood.h"

namespace mm::matching {

inline constexpr std::size_t kMaxNearest = 10;

/// The complete explanation of a waiting ticket. Takes at most 1 ms on one 2.6 GHz core.
Explanation explain(const Neighbourhood& around, const TickTimes& ticks);

/// The explanation as a few English sentences.
std::string in_words(const Explanation& explanation);

}  // namespace mm::matching
