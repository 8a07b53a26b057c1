#include "services/matchmaker/matching/search/islands.h"

#include <algorithm>

namespace mm::matching {

// Two neighbours are connected only if a ticket below accepts the upper one's rating and a ticket above accepts the
// lower one's. (The two tickets need not accept each other; then an island is larger than necessary.)
void find_islands(const Candidates& candidates, Index begin, Index end, std::vector<Island>& islands,
                  std::vector<Rating>& reach_down) {
  if (begin == end) return;
  reach_down.resize(std::max<std::size_t>(reach_down.size(), end - begin));
  Rating lowest = candidates[end - 1].low;
  for (Index i = end; i-- > begin;) reach_down[i - begin] = lowest = std::min(lowest, candidates[i].low);

  Rating highest = candidates[begin].high;
  Index first = begin;
  for (Index i = begin + 1; i < end; ++i) {
    const bool bridge = highest >= candidates[i].rating && reach_down[i - begin] <= candidates[i - 1].rating;
    if (!bridge) {
      islands.push_back({first, i});
      first = i;
    }
    highest = std::max(highest, candidates[i].high);
  }
  islands.push_back({first, end});
}

}  // namespace mm::matching
