// Elo for sides of any number and size (A. Elo, The Rating of Chessplayers, 1978).
//
// - One K for the whole match: the mean of its players' K, which is 40 under 30 games in the mode, else 20. One K is
//   what lets the sum of the changes be zero. A match that counts as more than one game (margin.h) multiplies it.
// - A side plays with the mean of its ratings, and each of its players gets the same change.
// - More than two sides: every pair of sides is a game of its own (score_against); a side's change is the mean over its
//   pairs.
// - Sides of unequal size: what a pair exchanges in total is the change of the smaller side, so the larger side's
//   players get less each, and whichever is named first does not matter.
// - Changes are rounded to hundredths, halves away from zero; what rounding leaves over goes to the last player, so
//   that the sum is zero. Between two sides of equal size nothing is ever left over.
//
// Worked example: 1600 against 1500, everybody beyond 30 games. Expected of the first: 1 / (1 + 10^(-100/400)) =
// 0.640065. It wins: 20 * (1 - 0.640065) = +7.20 and -7.20; it loses: -12.80 and +12.80; a draw: -2.80 and +2.80.
//
// Elo itself knows no deviation. Matchmaking needs one, so it follows from the rule above: the change is linear in the
// errors of the ratings it was made from, near enough, and errors of different players are independent. With s = (ln 10
// / 400) E (1 - E), how much the expected score moves per point, one pair of sides i, j changes the error of a player p
// of side i by -w s (mean error of i - mean error of j) + w (S - E), w being K, or less on the larger side. So
//
//   var' = var_p (1 - a/n_i)^2 + (a/n_i)^2 (sum of var over i without p) + (b/n_j)^2 (sum of var over j) + c^2
//
// where a = b = w s and c = w sqrt(E (1 - E)) for two sides; for more, a and c add up over the pairs (for c that is the
// most it can be: the pairs of a match are not independent). It is the error of the update itself: K never shrinks with
// certainty, so neither does this deviation go to zero.
//
// Worked, duels between equals, s = 0.00143912: a new player (350) who beats one known exactly, K = 40: 122500 * (1 -
// 0.0575646)^2 + 400 = 109202, deviation 330.46. In the long run, two players of the same deviation, K = 20: var = (K^2
// / 4) / (2 a (1 - a)) = 100 / 0.0559076 = 1788.7, deviation 42.3. In 5 against 5 a result says less of each: 94.6.
#pragma once

#include "services/profile/core/rating.h"

namespace mm::profile {

inline constexpr std::int64_t kGamesOfNewPlayers = 30;
inline constexpr double kFactorOfNewPlayers = 40;
inline constexpr double kFactor = 20;

Sides rate_by_elo(const Sides& sides, const MatchOutcome& outcome, double weight);

/// What a side of mean rating `own` is expected to score against `other`, in points: 0 to 1.
double expected_score(double own, double other);

}  // namespace mm::profile
