// Weng-Lin's Plackett-Luce model for teams (R. C. Weng, C.-J. Lin, "A Bayesian Approximation Method for Online
// Ranking", Journal of Machine Learning Research 12, 2011, 267-300, Algorithm 4). Pure.
//
// plackett_luce() is the algorithm, with the parameters of the paper's experiments unless told otherwise; those are
// also the openskill libraries', whose published values the tests hold it to. A side is the sum of its players, and
// each player gets the part of its change that their variance is of the side's: who is known least moves most.
//
// Modes are rated with parameters of our own, so that points mean the same in every system:
// - A new player is 1500 with a deviation of 350, the paper's 25 and 25/3: 42 points are one of its units.
// - beta: pi / sqrt(6) * 400 / ln 10 = 222.8 points for one player, and sqrt(n) times that for a side of n, which
//   performs as the sum of its players (the paper leaves beta open; TrueSkill counts so).
// - scale: sqrt(3) / pi. The paper's c is a standard deviation, but it is used as the scale of a logistic curve, whose
//   deviation is pi / sqrt(3) times its scale: ratings then spread half as wide again as skills do (docs/RATINGS.md has
//   figures). With this, players whose ratings are certain win as often as in Elo: 1 / (1 + 10^(-gap / 400)).
// - gamma 1: nothing is held back of what a match tells. (The paper's sigma_i / c, which it too calls a choice, keeps
//   deviations wide for hundreds of matches.)
//
// Ranks: the winner first, all others tied; in a draw all tied. (The paper's C_q and A_q; tied sides share.) Of sides
// of unequal size the larger is the stronger: a player of 0 on the paper's scale, 450 points, adds nothing. A match
// that counts w times: Omega times w, and the variance shrinks w times over. Time: deviations have grown when the match
// ends (certainty.h); the paper has none, and openskill's tau, a constant per match, would let those who play most
// become less certain.
//
// Worked, two new players by the paper's parameters: c = sqrt(2 (69.444 + 17.361)) = 13.176; the winner gets 69.444
// / 13.176 / 2 = 2.6352 and a deviation of 8.0655. By ours, in points: c = sqrt(3) / pi * sqrt(2 (122500 + 49641)) =
// 323.49; the winner gets 122500 / 323.49 / 2 = 189.34, and 350 sqrt(1 - 122500 / 323.49^2 / 4) = 294.35.
#pragma once

#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

/// On the paper's scale.
struct Skill {
  double mu = 25;
  double sigma = 25.0 / 3;
};

struct PlackettLuce {
  double beta = 25.0 / 6;  ///< deviation of a side's performance in one match
  double scale = 1;        ///< c is this times sqrt(sum of sigma_i^2 + beta^2)
  bool damped = true;      ///< gamma is sigma_i / c; else 1
  double weight = 1;       ///< how many matches it counts as
};

/// `ranks`: one for each side, lower is better, equal is tied.
std::vector<std::vector<Skill>> plackett_luce(const std::vector<std::vector<Skill>>& sides,
                                              const std::vector<int>& ranks, const PlackettLuce& model = {});

Sides rate_by_weng_lin(const Sides& sides, const MatchOutcome& outcome, double weight);

}  // namespace mm::profile
