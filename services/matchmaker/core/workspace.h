// Memory that ticks use one after the other, so that they need not ask for it each time. Carries nothing from one
// tick to the next.
#pragma once

#include <cstdint>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/islands.h"

namespace mm::matchmaker {

struct Workspace {
  std::vector<Stretch> stretches;
  Line line;
  std::vector<Slot> closed;
  std::vector<Island> islands;
  std::vector<Rating> reach_down;
  Draft draft;
  std::uint64_t steps = 0;  ///< of the last tick's local search: what most of its time went into, if it was many
};

}  // namespace mm::matchmaker
