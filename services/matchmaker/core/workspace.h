// Memory that ticks use one after the other, so that they need not ask for it each time. Carries nothing from one
// tick to the next that a tick could tell.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/islands.h"

namespace mm::matchmaker {

struct Instruments;

struct Workspace {
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// For `line` and `draft`.
  Instruments& instruments(const Format& format);

  std::vector<Stretch> stretches;
  Line line;
  std::vector<Slot> closed;
  std::vector<Island> islands;
  std::vector<Rating> reach_down;
  Draft draft;
  std::uint64_t steps = 0;  ///< of the last tick's local search: what most of its time went into, if it was many
  // For rehearsals, which only want to know what a tick would match:
  /// Nothing need be remembered for the tick after it.
  bool forgetful = false;
  /// A local search that needs more is cut short, and then its matches are not the planner's.
  std::uint64_t most_steps = std::numeric_limits<std::uint64_t>::max();
  bool cut_short = false;  ///< the last tick's was

 private:
  std::vector<std::unique_ptr<Instruments>> instruments_;
};

}  // namespace mm::matchmaker
