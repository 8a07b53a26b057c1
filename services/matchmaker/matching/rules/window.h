// The rating window: how far from its own rating a ticket accepts others. It grows with the wait, linearly or in steps,
// up to a limit.
//
// Worked: 100 -> 500 points over 40 s is 100 at once, 300 after 20 s, 500 from 40 s on. In steps of 50 points every 5 s
// it is 100 until 4.999 s, 150 from 5 s, 500 from 40 s on.
#pragma once

#include <limits>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/rating.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matching {

/// A mode's window as a function of the wait, in units of Rating. A negative wait counts as 0.
class Window {
 public:
  static constexpr BucketMs kNever = std::numeric_limits<BucketMs>::max();
  /// Wider than the distance of any two ratings; used by modes without ratings.
  static constexpr Rating kUnlimited = 1'000'000'000;

  explicit Window(const ModeRules& rules);

  Rating at(BucketMs waited_ms) const;
  /// The shortest wait after which the window is at least `gap`; kNever if the mode's limit is smaller.
  BucketMs reaches(Rating gap) const;

 private:
  std::int64_t initial_;
  std::int64_t growth_;  ///< from the initial window to the limit
  std::int64_t step_;    ///< growth per `step_ms_`; linear: the whole growth
  std::int64_t step_ms_;
  bool linear_;
};

/// The window in points, as shown to players.
double window_points(const ModeRules& rules, BucketMs waited_ms);

/// True if neither ticket is outside the other's window.
inline bool accept_each_other(Rating a, Rating window_a, Rating b, Rating window_b) {
  const Rating gap = a < b ? b - a : a - b;
  return gap <= window_a && gap <= window_b;
}

}  // namespace mm::matching
