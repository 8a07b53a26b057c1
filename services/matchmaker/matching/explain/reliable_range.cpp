#include "services/matchmaker/matching/explain/reliable_range.h"

#include <algorithm>

namespace mm::matching {

void ReliableRange::shrink(const Pool& pool, BucketMs now) {
  if (whole()) return;
  candidates_.clear();
  std::vector<CandidateRange> all{{pool.sorted().begin(), pool.sorted().end()}};
  build_candidates(pool, format_, now, {}, all, candidates_, closed_);
  std::erase_if(candidates_, [&](const Candidate& c) { return !holds(c.rating); });
  islands_.clear();
  if (format_.use_rating) {
    find_islands(candidates_, 0, static_cast<Index>(candidates_.size()), islands_, reach_down_);
  } else if (!candidates_.empty()) {
    islands_.push_back({0, static_cast<Index>(candidates_.size())});
  }
  for (const Island island : islands_) raise_low(island);
  for (auto island = islands_.rbegin(); island != islands_.rend(); ++island) lower_high(*island);
}

void ReliableRange::raise_low(Island island) {
  if (!low_) return;
  for (Index i = island.begin; i < island.end; ++i) {
    if (candidates_[i].low <= *low_) return void(low_ = highest(island));
  }
}

void ReliableRange::lower_high(Island island) {
  if (!high_) return;
  for (Index i = island.begin; i < island.end; ++i) {
    if (candidates_[i].high >= *high_) return void(high_ = lowest(island));
  }
}

// Scans the whole island, because in modes without ratings the list is in the order of waiting.
Rating ReliableRange::highest(Island island) const {
  Rating highest = candidates_[island.begin].rating;
  for (Index i = island.begin; i < island.end; ++i) highest = std::max(highest, candidates_[i].rating);
  return highest;
}

Rating ReliableRange::lowest(Island island) const {
  Rating lowest = candidates_[island.begin].rating;
  for (Index i = island.begin; i < island.end; ++i) lowest = std::min(lowest, candidates_[i].rating);
  return lowest;
}

}  // namespace mm::matching
