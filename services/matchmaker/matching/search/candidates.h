// The tickets that may be matched in one tick, with everything that depends on the time computed once.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/rules/format.h"

namespace mm::matching {

/// A candidate's index in the tick's candidate list.
using Index = std::uint32_t;
inline constexpr Index kNobody = 0xFFFF'FFFF;

struct Candidate {
  Rating rating;
  Rating low;   ///< rating minus window: the lowest rating that the ticket accepts
  Rating high;  ///< rating plus window: the highest rating that the ticket accepts
  float bonus;  ///< what its wait adds to the utility of its match
  Slot slot;
  std::int32_t queued;  ///< milliseconds after the pool's epoch
  std::uint16_t deviation;
  std::uint8_t size;
  std::uint8_t use;

  /// The sum of the squared deviations of its players, in square points.
  double variance() const {
    const double points = deviation / 64.0;
    return points * points * size;
  }
};

/// The candidate list of a tick, by rating, then age, then a hash of the id. In modes without ratings by age; every
/// ticket then accepts every other.
using Candidates = std::vector<Candidate>;

/// A range of the pool's sorted list that a tick evaluates, and the range [begin, end) of its candidates.
struct CandidateRange {
  SortedWaiters::Place from;
  SortedWaiters::Place to;
  Index begin = 0;
  Index end = 0;
};

/// Whether ticket `a` has waited longer than `b`; of equals, whether it comes first in the list.
inline bool waits_longer(const Candidates& candidates, Index a, Index b) {
  return candidates[a].queued != candidates[b].queued ? candidates[a].queued < candidates[b].queued : a < b;
}

/// Keeps at most `limit` of these tickets, and sorts them: the longest-waiting first.
void keep_longest_waiting(const Candidates& candidates, std::vector<Index>& tickets, std::size_t limit);

/// Appends the candidates of each range to `candidates`, without the tickets in `expired`. Tickets to which this region
/// is not open (yet, or ever) are appended to `closed` instead.
void build_candidates(const Pool& pool, const Format& format, BucketMs now, std::span<const Slot> expired,
                      std::span<CandidateRange> ranges, Candidates& candidates, std::vector<Slot>& closed);

}  // namespace mm::matching
