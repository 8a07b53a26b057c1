#include "services/matchmaker/core/islands.h"

#include <algorithm>

namespace mm::matchmaker {

// Between two neighbours there is a bridge only if someone below accepts the upper one's rating and someone above
// accepts the lower one's. (Those two may not be the same pair; then an island is larger than it need be.)
void find_islands(const Line& line, std::vector<Island>& islands, std::vector<Rating>& reach_down) {
  islands.clear();
  if (line.empty()) return;
  reach_down.resize(line.size());
  Rating lowest = line.back().low;
  for (std::size_t i = line.size(); i-- > 0;) reach_down[i] = lowest = std::min(lowest, line[i].low);

  Rating highest = line.front().high;
  Index begin = 0;
  for (Index i = 1; i < line.size(); ++i) {
    const bool bridge = highest >= line[i].rating && reach_down[i] <= line[i - 1].rating;
    if (!bridge) {
      islands.push_back({begin, i});
      begin = i;
    }
    highest = std::max(highest, line[i].high);
  }
  islands.push_back({begin, static_cast<Index>(line.size())});
}

}  // namespace mm::matchmaker
