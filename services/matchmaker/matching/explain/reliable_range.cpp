#include "services/matchmaker/matching/explain/reliable_range.h"

#include <algorithm>

namespace mm::matching {

void ReliableRange::shrink(const Pool& pool, BucketMs now) {
  if (whole()) return;
  line_.clear();
  std::vector<CandidateRange> all{{pool.line().begin(), pool.line().end()}};
  build_candidates(pool, format_, now, {}, all, line_, closed_);
  std::erase_if(line_, [&](const Candidate& c) { return !holds(c.rating); });
  islands_.clear();
  if (format_.use_rating) {
    find_islands(line_, 0, static_cast<Index>(line_.size()), islands_, reach_down_);
  } else if (!line_.empty()) {
    islands_.push_back({0, static_cast<Index>(line_.size())});
  }
  for (const Island island : islands_) raise_low(island);
  for (auto island = islands_.rbegin(); island != islands_.rend(); ++island) lower_high(*island);
}

void ReliableRange::raise_low(Island island) {
  if (!low_) return;
  for (Index i = island.begin; i < island.end; ++i) {
    if (line_[i].low <= *low_) return void(low_ = highest(island));
  }
}

void ReliableRange::lower_high(Island island) {
  if (!high_) return;
  for (Index i = island.begin; i < island.end; ++i) {
    if (line_[i].high >= *high_) return void(high_ = lowest(island));
  }
}

// Scans the whole island, because in modes without ratings the list is in the order of waiting.
Rating ReliableRange::highest(Island island) const {
  Rating highest = line_[island.begin].rating;
  for (Index i = island.begin; i < island.end; ++i) highest = std::max(highest, line_[i].rating);
  return highest;
}

Rating ReliableRange::lowest(Island island) const {
  Rating lowest = line_[island.begin].rating;
  for (Index i = island.begin; i < island.end; ++i) lowest = std::min(lowest, line_[i].rating);
  return lowest;
}

}  // namespace mm::matching
