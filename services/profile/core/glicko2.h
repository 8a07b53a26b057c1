// Glicko-2 (M. Glickman, "Example of the Glicko-2 system", 2013, glicko.net/glicko/glicko2.pdf), with the steps and the
// letters of the paper. Pure.
//
// - A match is rated when it ends, not when a rating period closes. Steps 3 to 7 have the games of one match. Step 6
// has
//   the time since the last match, at most one period; the time before that is in the deviation with which the period
//   starts (certainty.h, also for the source, lichess.org). For exactly one period the result is that of the paper. In
//   step 6 too, the deviation is at most that of a new player.
// - A team game is, for each player, one game against a composite opponent (the idea is from G. Williams, "Abstracting
//   Glicko-2 for Team Games", thesis, University of Cincinnati, 2013): the duel that is as hard for this player as the
//   match was. A side performs as the sum of its players, as in the matchmaker's estimate of who wins
//   (services/matchmaker/matching/rules/quality.h, TrueSkill). For sides of n players the composite's rating is the
//   player's own plus n times the gap between the means of the sides. Its squared deviation is the sum of the squared
//   deviations of all other players, plus (n - 1) pi^2 / 3 on Glicko's scale, the variance of the performances of n - 1
//   more pairs. Between certain equals a result then counts 1 / n of a duel's. Sides of unequal size are treated as
//   sides of their mean size. (Williams' composite is the mean of the other side. It ignores the player's own side, so
//   in teams of strong and weak players it pulls all ratings to the mean. docs/RATINGS.md has the figures.)
// - More than two sides: the winner has one game against each loser, and each loser one against the winner. In a draw
//   each side has one against every other. Each game counts 1 / (sides - 1). Losers have no game against each other: a
//   draw, as in Elo's rule, would claim that they are equal, which the result does not say (docs/RATINGS.md).
// - A game that counts w times enters the likelihood w times: w g^2 E (1 - E) in step 3, w g (s - E) in steps 4 and 7.
// - tau is 0.5, as in the paper's example. Volatility is limited to 0.01 to 0.1, as on lichess.org.
//
// Worked, the paper's example: 1500, deviation 200, volatility 0.06, one period, wins against 1400 (30), loses against
// 1550 (100) and 1700 (300): 1464.05, 151.52, 0.05999 (1464.06 in the paper, which rounds between its steps).
#pragma once

#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

inline constexpr double kTau = 0.5;
inline constexpr double kMinVolatility = 0.01;
inline constexpr double kMaxVolatility = 0.1;

/// In points.
struct Glicko2Player {
  double rating = 1500;
  double deviation = 350;
  double volatility = 0.06;
};

struct Glicko2Game {
  double rating = 1500;  ///< the opponent's
  double deviation = 350;
  double score = 0.5;
  double weight = 1;
};

/// The player after one rating period with these games, at least one. `periods`: how much of the period, 0 to 1, has
/// passed since the last match.
Glicko2Player glicko2(const Glicko2Player& player, const std::vector<Glicko2Game>& games, double periods);

Sides rate_by_glicko2(const Sides& sides, const MatchOutcome& outcome, double weight);

}  // namespace mm::profile
