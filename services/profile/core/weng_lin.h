// The Plackett-Luce model of Weng and Lin for teams (R. C. Weng, C.-J. Lin, "A Bayesian Approximation Method for Online
// Ranking", Journal of Machine Learning Research 12, 2011, 267-300, Algorithm 4). Pure.
//
// plackett_luce() is the algorithm. Its default parameters are those of the paper's experiments and of the openskill
// libraries, whose published values the tests compare with. A side is the sum of its players. Each player gets a part
// of the side's change: the player's share of the side's variance. So the least certain player changes most.
//
// Modes are rated with other parameters, so that points mean the same in every rating system:
// - A new player has 1500 points with a deviation of 350, which is 25 and 25/3 in the paper: one of its units is 42
//   points.
// - beta: pi / sqrt(6) * 400 / ln 10 = 222.8 points for one player, and sqrt(n) times that for a side of n players,
// which
//   performs as the sum of its players. (The paper leaves beta open; TrueSkill uses the same rule.)
// - scale: sqrt(3) / pi. The paper's c is a standard deviation but is used as the scale of a logistic curve, whose
//   standard deviation is pi / sqrt(3) times its scale. Without this correction ratings spread half as wide again as
//   skills (docs/RATINGS.md has figures). With the correction, players with certain ratings win as often as in Elo:
//   1 / (1 + 10^(-gap / 400)).
// - gamma is 1: the deviation shrinks by the full evidence of a match. (The paper's sigma_i / c, which the paper too
// calls
//   a choice, keeps deviations wide for hundreds of matches.)
//
// Ranks: the winner is first and all others are tied; in a draw all are tied (the paper's C_q and A_q). Between sides
// of unequal size the larger side is the stronger one; a player of 0 on the paper's scale, 450 points, adds nothing. A
// match that counts w times multiplies Omega by w and shrinks the variance w times. Time: deviations have grown by the
// end of the match (certainty.h). The paper has no such rule. openskill's tau, a constant per match, would make the
// players who play most less certain.
//
// Worked, two new players with the paper's parameters: c = sqrt(2 (69.444 + 17.361)) = 13.176; the winner gets
// 69.444 / 13.176 / 2 = 2.6352 and a deviation of 8.0655. With ours, in points: c = sqrt(3) / pi * sqrt(2 (122500 +
// 49641)) = 323.49; the winner gets 122500 / 323.49 / 2 = 189.34, and 350 sqrt(1 - 122500 / 323.49^2 / 4) = 294.35.
#pragma once

#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

/// A player on the scale of the paper.
struct Skill {
  double mu = 25;
  double sigma = 25.0 / 3;
};

struct PlackettLuce {
  double beta = 25.0 / 6;  ///< deviation of a side's performance in one match
  double scale = 1;        ///< c is this times sqrt(sum of sigma_i^2 + beta^2)
  bool damped = true;      ///< gamma is sigma_i / c; otherwise 1
  double weight = 1;       ///< how many times the match counts
};

/// `ranks`: one per side; lower is better, equal is tied.
std::vector<std::vector<Skill>> plackett_luce(const std::vector<std::vector<Skill>>& sides,
                                              const std::vector<int>& ranks, const PlackettLuce& model = {});

Sides rate_by_weng_lin(const Sides& sides, const MatchOutcome& outcome, double weight);

}  // namespace mm::profile
