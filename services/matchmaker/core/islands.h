// Cuts the line where nobody on one side can meet anybody on the other. What happens on one island has no effect on
// any other, so each is planned by itself, and one where nothing has changed need not be planned at all.
#pragma once

#include <vector>

#include "services/matchmaker/core/candidates.h"

namespace mm::matchmaker {

/// Neighbours [begin, end) of the line.
struct Island {
  Index begin;
  Index end;
  Index size() const { return end - begin; }
};

/// Appends the islands of the stretch [begin, end) of the line. `reach_down` is scratch.
void find_islands(const Line& line, Index begin, Index end, std::vector<Island>& islands,
                  std::vector<Rating>& reach_down);

}  // namespace mm::matchmaker
