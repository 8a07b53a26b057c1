// Finds the ratings for which a plan of a partial copy of a pool is reliable. The outermost copied tickets may meet
// tickets that were not copied, so it is unknown what becomes of them, and of each ticket that could be matched with
// them.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/matching/explain/neighbourhood.h"
#include "services/matchmaker/matching/search/candidates.h"
#include "services/matchmaker/matching/search/islands.h"

namespace mm::matching {

/// The open interval of ratings in which a plan of the copy equals a plan of the whole pool.
class ReliableRange {
 public:
  ReliableRange(const Neighbourhood& around, const Format& format)
      : format_(format), low_(around.beyond_low), high_(around.beyond_high) {}

  /// True if the copy contains the whole pool.
  bool whole() const { return !low_ && !high_; }
  bool holds(Rating rating) const { return (!low_ || rating > *low_) && (!high_ || rating < *high_); }

  /// Narrows the interval. A ticket that accepts a rating at or beyond a bound may be matched with a ticket that was
  /// not copied. The bound moves past its whole island. `pool` is the pool before the tick at `now`.
  void shrink(const Pool& pool, BucketMs now);

 private:
  void raise_low(Island island);
  void lower_high(Island island);
  Rating highest(Island island) const;
  Rating lowest(Island island) const;

  const Format& format_;
  std::optional<Rating> low_, high_;
  Candidates candidates_;
  std::vector<Slot> closed_;
  std::vector<Island> islands_;
  std::vector<Rating> reach_down_;
};

}  // namespace mm::matching
