// The reports that the chaos game server sends after a match, and when. Pure: the random numbers are arguments.
#pragma once

#include <vector>

#include "common/base/clock.h"
#include "tests/chaos/bots/random.h"

namespace mm::chaos {

/// One report. Reports of the same step are sent at once; the next step begins when each of them has its final answer.
struct PlannedReport {
  int step = 0;
  bool differs = false;  ///< another result than the first one, which must be refused
  Milliseconds wait{0};  ///< after the step before it
};

/// `count` reports of the same result. In half of the matches one after the other, in a third of them all at once; in
/// the others a different result follows the first report, which was acknowledged by then.
inline std::vector<PlannedReport> plan_reports(int count, Random& random) {
  constexpr std::size_t kShortWaitMs = 2'000;
  constexpr std::size_t kLongWaitMs = 15'000;
  const double kind = random.fraction();
  std::vector<PlannedReport> plan{{0, false, Milliseconds{0}}};
  int step = 0;
  if (kind >= 0.8) plan.push_back({++step, true, Milliseconds(random.below(kShortWaitMs))});
  for (int i = 1; i < count; ++i) {
    if (kind >= 0.5 && kind < 0.8) {
      plan.push_back({0, false, Milliseconds{0}});
    } else {
      const auto most = random.chance(0.2) ? kLongWaitMs : kShortWaitMs;
      plan.push_back({++step, false, Milliseconds(random.below(most))});
    }
  }
  return plan;
}

}  // namespace mm::chaos
