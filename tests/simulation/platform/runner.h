// Runs plans, each in a process of its own, because a simulation leaves the memory of killed daemons behind and may
// abort. Finds a shorter failing plan by leaving faults out.
#pragma once

#include <string>

#include "tests/simulation/platform/plan.h"

namespace mm::simulation {

struct Outcome {
  bool holds = false;      ///< every invariant held
  std::string error;       ///< otherwise: which one did not, or how the process ended
  std::uint64_t hash = 0;  ///< of the trace
  std::size_t matches = 0;
  std::size_t tickets = 0;
  std::uint64_t steps = 0;
  std::string trace;  ///< the last lines, if it was kept
};

/// `keep_trace`: the trace's lines are returned.
Outcome run(const Plan& plan, bool keep_trace = false);

/// Leaves out faults and rates, one after the other, as long as the plan fails.
Plan shortened(Plan plan);

}  // namespace mm::simulation
