// Cuts the candidate list into islands: ranges whose tickets can meet no ticket outside. An island's plan has no effect
// on the others, so each island is planned by itself, and one in which nothing has changed is not planned at all.
#pragma once

#include <vector>

#include "services/matchmaker/matching/search/candidates.h"

namespace mm::matching {

/// The range [begin, end) of the candidate list.
struct Island {
  Index begin;
  Index end;
  Index size() const { return end - begin; }
};

/// Appends the islands of the range [begin, end) of the candidate list. `reach_down` is scratch memory.
void find_islands(const Candidates& candidates, Index begin, Index end, std::vector<Island>& islands,
                  std::vector<Rating>& reach_down);

}  // namespace mm::matching
