// Elo for sides of any number and size (A. Elo, The Rating of Chessplayers, 1978).
//
// - One K for the whole match: the mean of its players' K, which is 40 under 30 games in the mode, else 20. One K is
//   what lets the sum of the changes be zero.
// - A side plays with the mean of its ratings, and each of its players gets the same change.
// - More than two sides: every pair of sides is a game of its own. The winner beats every other side, the others draw
//   among themselves, in a draw all draw; a side's change is the mean over its pairs. (Of a result that names only the
//   winner nothing more can be known about the rest.)
// - Sides of unequal size: what a pair exchanges in total is the change of the smaller side, so the larger side's
//   players get less each, and whichever is named first does not matter.
// - Changes are rounded to hundredths, halves away from zero; what rounding leaves over goes to the last player, so
//   that the sum is zero. Between two sides of equal size nothing is ever left over.
//
// Worked example: 1600 against 1500, everybody beyond 30 games. Expected of the first: 1 / (1 + 10^(-100/400)) =
// 0.640065. It wins: 20 * (1 - 0.640065) = +7.20 and -7.20; it loses: -12.80 and +12.80; a draw: -2.80 and +2.80.
#pragma once

#include "services/profile/core/rating.h"

namespace mm::profile {

inline constexpr std::int64_t kGamesOfNewPlayers = 30;
inline constexpr double kFactorOfNewPlayers = 40;
inline constexpr double kFactor = 20;

Changes elo_changes(const Sides& sides, std::optional<std::size_t> winner);

/// What a side of mean rating `own` is expected to score against `other`, in points: 0 to 1.
double expected_score(double own, double other);

}  // namespace mm::profile
