// Memory that consecutive ticks reuse to save allocations. Nothing in it affects the result of a later tick.
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

  /// Returns the search context of a format, for `line` and `draft`.
  Instruments& instruments(const Format& format);

  std::vector<Stretch> stretches;
  Line line;
  std::vector<Slot> closed;
  std::vector<Island> islands;
  std::vector<Rating> reach_down;
  Draft draft;
  std::uint64_t steps = 0;  ///< steps of the last tick's local search, which takes most of the time of a long tick
  // Set by callers that only want to know what a tick would match:
  /// The plan does not update the memory for the next tick.
  bool forgetful = false;
  /// The local search stops after this many steps; the matches are then not those of the real planner.
  std::uint64_t most_steps = std::numeric_limits<std::uint64_t>::max();
  bool cut_short = false;  ///< the last tick's local search stopped at `most_steps`

 private:
  std::vector<std::unique_ptr<Instruments>> instruments_;
};

}  // namespace mm::matchmaker
