// Elo for sides of any number and size (A. Elo, The Rating of Chessplayers, 1978). Pure.
//
// - One K for the whole match: the mean of its players' K, which is 40 for a player with fewer than 30 games in the
// mode,
//   else 20. With one K the changes add up to zero. A match that counts as more than one game (margin.h) multiplies K.
// - A side plays with the mean of its ratings, and each of its players gets the same change.
// - More than two sides: every pair of sides is a game (score_against). A side's change is the mean over its pairs.
// - Sides of unequal size: a pair exchanges, in total, the change of the smaller side. So each player of the larger
// side
//   changes less, and the order of the sides does not matter.
// - Changes are rounded to hundredths, halves away from zero. The last player gets the remainder, so that the sum is
//   zero. Between two sides of equal size there is no remainder.
//
// Worked example: 1600 against 1500, all players beyond 30 games. The expected score of the first is
// 1 / (1 + 10^(-100/400)) = 0.640065. If it wins: 20 * (1 - 0.640065) = +7.20 and -7.20; if it loses: -12.80 and
// +12.80; a draw: -2.80 and +2.80.
//
// Elo itself has no deviation. Matchmaking needs one, so it is derived from the rule above. The change is w (S - E),
// where w is K, or less on the larger side. Let D be the error by which the gap between the sides is overrated. On
// average, S - E is -s D, where s is the change of the score per point, (ln 10 / 400) g E (1 - E). (g is Glicko's
// factor: an uncertain gap makes the curve flatter; g = 1 / sqrt(1 + 3 (ln 10 / 400)^2 var(D) / pi^2), var(D) = sum of
// var / n^2 over both sides.) The errors of different players are taken as independent, and 1 / n of a player's own
// error is in D. So for two sides
//
//   var' = var - 2 w s var / n + w^2 E (1 - E)
//
// For more sides, w s and w sqrt(E (1 - E)) are summed over the pairs. (The second sum is an upper bound, because the
// pairs of a match are not independent.) K does not shrink as ratings become certain, so the deviation does not go to
// zero. It is an estimate: it ignores that the errors of players who are matched by rating are correlated.
//
// Worked, duels between equals: two new players (350), K = 40: var(D) = 245000, g = 0.5370, s = 0.00077281, var' =
// 122500 (1 - 0.0618248) + 400 = 115326, deviation 339.60. In the long run var = n K / (2 g ln 10 / 400): for K = 20
// that is 42.0 in a duel and 94.0 in 5 against 5, where a result says less about each player.
#pragma once

#include "services/profile/core/rating.h"

namespace mm::profile {

inline constexpr std::int64_t kGamesOfNewPlayers = 30;
inline constexpr double kFactorOfNewPlayers = 40;
inline constexpr double kFactor = 20;

Sides rate_by_elo(const Sides& sides, const MatchOutcome& outcome, double weight);

/// The expected score, 0 to 1, of a side with the mean rating `own` against one with `other`, both in points.
double expected_score(double own, double other);

}  // namespace mm::profile
