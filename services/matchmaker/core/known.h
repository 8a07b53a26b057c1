// What is known for certain of a neighbourhood that was cut out of a larger pool: the outermost tickets may meet others
// that were not copied, and what they do then is unknown; so is what anybody does who could have met them.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/islands.h"
#include "services/matchmaker/core/neighbourhood.h"

namespace mm::matchmaker {

/// The ratings between those of whom something is unknown.
class Known {
 public:
  Known(const Neighbourhood& around, const Format& format)
      : format_(format), low_(around.beyond_low), high_(around.beyond_high) {}

  /// Nothing was cut off.
  bool whole() const { return !low_ && !high_; }
  bool holds(Rating rating) const { return (!low_ || rating > *low_) && (!high_ || rating < *high_); }

  /// Draws the bounds in: whoever accepts a rating at or beyond them may be matched with a stranger, and so may
  /// whoever could be matched with him. `pool` is as it was before the tick at `now`.
  void shrink(const Pool& pool, BucketMs now);

 private:
  void draw_up(Island island);
  void draw_down(Island island);
  Rating highest(Island island) const;
  Rating lowest(Island island) const;

  const Format& format_;
  std::optional<Rating> low_, high_;
  Line line_;
  std::vector<Slot> closed_;
  std::vector<Island> islands_;
  std::vector<Rating> reach_down_;
};

}  // namespace mm::matchmaker
