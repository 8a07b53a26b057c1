// Glicko-2 (M. Glickman, "Example of the Glicko-2 system", 2013, glicko.net/glicko/glicko2.pdf), step by step and in
// its letters. Pure.
//
// - A match is rated when it ends, not when a rating period closes. Steps 3 to 7 then have the games of one match, and
//   step 6 the time since the last one, at most a whole period; what elapsed before that is in the deviation the period
//   starts with (certainty.h; so does lichess.org, see there). Exactly one period: exactly the paper. In step 6 too the
//   deviation is at most that of a new player.
// - A team game is, for each player, one game against a composite opponent (the idea is G. Williams', "Abstracting
//   Glicko-2 for Team Games", thesis, University of Cincinnati, 2013): the one duel that is as hard for this player
//   as the match was. Sides perform as the sum of their players, as in matchmaking's own estimate of who wins
//   (services/matchmaker/matching/rules/quality.h, TrueSkill). So of sides of n the composite's rating is the player's own plus
//   n times the gap between the means of the sides; its deviation squared is the sum of everybody else's squared, and
//   (n - 1) pi^2 / 3 on Glicko's scale, by which the performance of n - 1 more pairs varies. Among certain equals a
//   result then counts 1 / n of a duel's. Sides of unequal size are taken for sides of their mean size.
//   (Williams' composite is the mean of the other side. It knows nothing of the own side: where strong and weak are
//   put together for balance, it pulls everyone to the mean. docs/RATINGS.md has the figures.)
// - More than two sides: the winner has a game against each loser, each loser one against the winner, in a draw all
//   have one against all, each counting 1 / (sides - 1). Between losers there is none: to call it a draw, as Elo's
//   rule does, would tell of equals where nothing is told (docs/RATINGS.md has the figures).
// - A game that counts w times enters the likelihood w times: w g^2 E (1 - E) in step 3, w g (s - E) in steps 4 and 7.
// - tau 0.5, as in the paper's example. Volatility stays in 0.01 to 0.1, as in lichess.org's.
//
// Worked, the paper's example: 1500, deviation 200, volatility 0.06, one period, wins against 1400 (30), loses against
// 1550 (100) and 1700 (300): 1464.05, 151.52, 0.05999 (the paper, which rounds between its steps: 1464.06).
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

/// One rating period, `periods` (0 to 1) of which have passed since the last. At least one game.
Glicko2Player glicko2(const Glicko2Player& player, const std::vector<Glicko2Game>& games, double periods);

Sides rate_by_glicko2(const Sides& sides, const MatchOutcome& outcome, double weight);

}  // namespace mm::profile
