// What becomes of a ticket if nobody comes, and nobody goes but into matches: the next ticks, planned ahead by plan()
// itself on a copy, so that the forecast is what the planner will do and not what somebody thinks it does.
//
// Ticks in which nobody is due are left out (memory.h says who is when). Of a neighbourhood that is not the whole pool,
// the outermost tickets may meet others that were not copied, and what they do then is unknown; so is everything that
// anybody does who could have met them before. The forecast keeps to the ratings between, and says no more once what is
// unknown could reach the ticket.
#pragma once

#include <cstdint>

#include "services/matchmaker/core/neighbourhood.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker {

/// When the pool is planned: first at `first`, then every `every`.
struct TickTimes {
  BucketMs first = 0;
  BucketMs every = 100;
};

struct Foreseen {
  enum class Kind {
    matched,    ///< in the tick at `at`, and in none before
    times_out,  ///< never; at `at` its time is over
    unknown,    ///< in no tick before `at`; then the work is used up, or strangers come into play
  };
  Kind kind = Kind::unknown;
  BucketMs at = 0;
  double quality = 0;  ///< of its match
  double spread = 0;
};

/// What planning took, counted in steps of some 40 ns, so that it does not depend on the machine.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace);
inline constexpr std::uint64_t kForecastWork = 12'000;

Foreseen foresee(const Neighbourhood& around, const TickTimes& ticks, std::uint64_t most_work = kForecastWork);

}  // namespace mm::matchmaker
