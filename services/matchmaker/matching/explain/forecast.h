// Forecasts what happens to a ticket if no ticket arrives and tickets leave only by being matched.
//
// After a tick, no set of the remaining tickets can form a match. Nothing happens until windows, regions and party
// sizes make some set of tickets feasible. The forecast jumps from one such time to the next (feasibility_index.h):
//  - If exactly one set is feasible, the planner makes that match, whatever its search prefers.
//  - If there is a choice, the forecast runs plan() on a copy of the tickets.
//  - If running plan() takes too much work, or the presence of some of these tickets is uncertain (a ticket that was
//    not copied, or an earlier choice that was not computed, could match them), then from that tick on the presence of
//    each of the tickets concerned is uncertain.
// The forecast ends with `unknown` when this uncertainty affects the ticket itself.
#pragma once

#include <cstdint>
#include <optional>

#include "services/matchmaker/matching/explain/feasibility_index.h"
#include "services/matchmaker/matching/explain/neighbourhood.h"
#include "services/matchmaker/matching/plan.h"

namespace mm::matching {

struct ForecastResult {
  enum class Kind {
    matched,    ///< the tick at `at` matches the ticket; no earlier tick does
    times_out,  ///< no tick matches the ticket; its deadline is reached at `at`
    unknown,    ///< no tick before `at` matches the ticket; from `at` on, uncertain tickets could affect it
  };
  Kind kind = Kind::unknown;
  BucketMs at = 0;
  // Figures of the match; set only if its members are known.
  std::optional<double> quality;
  std::optional<double> spread;
};

/// The work of one plan() call, in steps of about 40 ns. Counted, not measured, so equal on every machine.
std::uint64_t work_of(const TickPlan& tick, const Workspace& workspace);
inline constexpr std::uint64_t kForecastWork = 5'500;

ForecastResult make_forecast(const Neighbourhood& around, const TickTimes& ticks,
                             std::uint64_t max_work = kForecastWork);

}  // namespace mm::matching
