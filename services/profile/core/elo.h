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
// Elo itself knows no deviation. Matchmaking needs one, so it follows from the rule above. The change is w (S - E), w
// being K, or less on the larger side; and S - E goes, in the mean, against the error D by which the gap between the
// sides is overrated: by s D, where s is how much the score really moves per point, (ln 10 / 400) g E (1 - E). (g is
// Glicko's: the more uncertain the gap, the flatter the curve that is left of it; g = 1 / sqrt(1 + 3 (ln 10 / 400)^2
// var(D) / pi^2), var(D) = sum of var / n^2 over both sides.) The errors of different players being independent, of
// which 1 / n of D is the player's own,
//
//   var' = var - 2 w s var / n + w^2 E (1 - E)
//
// for two sides; for more, w s and w sqrt(E (1 - E)) add up over the pairs (which is the most the latter can be: the
// pairs of a match are not independent). K never shrinks with certainty, so neither does this go to zero. It is an
// estimate: players matched by rating err alike more often than chance has it, and that it cannot see.
//
// Worked, duels between equals: two new players (350), K = 40: var(D) = 245000, g = 0.5370, s = 0.00077281, var' =
// 122500 (1 - 0.0618248) + 400 = 115326, deviation 339.60. In the long run var = n K / (2 g ln 10 / 400): of K = 20
// that is 42.0 in a duel and 94.0 in 5 against 5, where a result says less of each.
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
