// The tickets that may be matched in this tick, as the search sees them: what depends on the time is worked out once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/core/format.h"
#include "services/matchmaker/core/pool.h"

namespace mm::matchmaker {

/// A candidate's place in the tick's line.
using Index = std::uint32_t;
inline constexpr Index kNobody = 0xFFFF'FFFF;

struct Candidate {
  Rating rating;
  Rating low;   ///< rating minus window: accepts nobody below …
  Rating high;  ///< … and nobody above
  float bonus;  ///< what its waiting adds to the utility of its match
  Slot slot;
  std::int32_t queued;  ///< after the pool's epoch
  std::uint16_t deviation;
  std::uint8_t size;
  std::uint8_t use;

  /// The sum of its members' squared deviations, in points.
  double variance() const {
    const double points = deviation / 64.0;
    return points * points * size;
  }
};

/// By rating, then age, then the pool's own order. In modes without ratings by age: there the line's order is the
/// queue's, and everyone accepts everyone.
using Line = std::vector<Candidate>;

/// A part of the pool's line that is looked at, and which candidates it became.
struct Stretch {
  SortedLine::Place from;
  SortedLine::Place to;
  Index begin = 0;
  Index end = 0;
};

/// Whether a ticket that waits longer comes first; of equals the one that stands first in the line.
inline bool waits_longer(const Line& line, Index a, Index b) {
  return line[a].queued != line[b].queued ? line[a].queued < line[b].queued : a < b;
}

/// Keeps at most so many of these tickets, the longest-waiting first.
void keep_longest_waiting(const Line& line, std::vector<Index>& tickets, std::size_t most);

/// Appends the candidates of each stretch, without those in `expired`; those for whom this region is closed (yet) go
/// to `closed`.
void build_line(const Pool& pool, const Format& format, BucketMs now, std::span<const Slot> expired,
                std::span<Stretch> stretches, Line& line, std::vector<Slot>& closed);

}  // namespace mm::matchmaker
