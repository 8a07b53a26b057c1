// Memory that consecutive ticks reuse to save allocations. Nothing in it affects the result of a later tick.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "services/matchmaker/matching/search/candidates.h"
#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/islands.h"

namespace mm::matching {

struct SearchContext;

struct Workspace {
  Workspace();
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// Returns the search context of a format, for `line` and `draft`.
  SearchContext& search_context(const Format& format);

  std::vector<CandidateRange> ranges;
  Candidates candidates;
  std::vector<Slot> closed;
  std::vector<Island> islands;
  std::vector<Rating> reach_down;
  DraftPlan draft;
  std::uint64_t steps = 0;  ///< steps of the last tick's local search, which takes most of the time of a long tick
  // Set by callers that only want to know what a tick would match:
  /// The plan does not update the memory for the next tick.
  bool skip_memory = false;
  /// The local search stops after this many steps; the matches are then not those of the real planner.
  std::uint64_t max_steps = std::numeric_limits<std::uint64_t>::max();
  bool step_limit_reached = false;  ///< the last tick's local search stopped at `max_steps`

 private:
  std::vector<std::unique_ptr<SearchContext>> contexts_;
};

}  // namespace mm::matching
