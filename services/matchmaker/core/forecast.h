// What becomes of a ticket if nobody comes, and nobody goes but into matches.
//
// When a tick is over nobody it left could make a match, so nothing happens until windows, regions and party sizes let
// some set of tickets be one; the forecast goes from one such time to the next (forecast_line.h). Where only one set is
// feasible the planner makes that match, whatever it looks for. Where it has a choice, it is asked: plan() itself, on a
// copy. Where that is too much work, or some of those concerned are there only perhaps (they could meet somebody who
// was not copied, or be chosen in a choice that was not worked out), all concerned are from then on there only perhaps.
// The forecast says no more once that reaches the ticket.
#pragma once

#include <cstdint>
#include <optional>

#include "services/matchmaker/core/forecast_line.h"
#include "services/matchmaker/core/neighbourhood.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker {

struct Foreseen {
  enum class Kind {
    matched,    ///< in the tick at `at`, and in none before
    times_out,  ///< never; at `at` its time is over
    unknown,    ///< in no tick before `at`; from then on somebody it is not sure of could be in its match, or take it
  };
  Kind kind = Kind::unknown;
  BucketMs at = 0;
  // Of its match, where it is known with whom:
  std::optional<double> quality;
  std::optional<double> spread;
};

/// What planning took, counted in steps of some 40 ns, so that it does not depend on the machine.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace);
inline constexpr std::uint64_t kForecastWork = 5'500;

Foreseen foresee(const Neighbourhood& around, const TickTimes& ticks, std::uint64_t most_work = kForecastWork);

}  // namespace mm::matchmaker
