// Weng-Lin's Plackett-Luce model for teams (R. C. Weng, C.-J. Lin, "A Bayesian Approximation Method for Online
// Ranking", Journal of Machine Learning Research 12, 2011, 267-300, Algorithm 4). Pure.
//
// - On the paper's scale a new player is 25 with a deviation of 25/3; beta is 25/6, kappa 0.0001 and gamma sigma_i / c,
//   as in its experiments and in the openskill libraries, whose published values the tests hold us to. 350 points are
//   25/3, so 42 points are one of its units, and 1500 is its 25.
// - A side is the sum of its players, and each player gets the part of its change that their variance is of the side's:
//   who is known least moves most.
// - Of sides of unequal size the larger is the stronger: a player of 0 on the paper's scale, 450 points, adds nothing.
// - Ranks: the winner first, all others tied; in a draw all tied. (The paper's C_q and A_q; tied sides share.)
// - A match that counts w times enters the likelihood w times: Omega and Delta times w.
// - Time: deviations have grown when the match ends (certainty.h). The paper has no time; openskill's tau, a constant
//   per match, would let those who play most become less certain.
//
// Worked, two new players: c = sqrt(2 (69.444 + 17.361)) = 13.176; the winner gets 69.444 / 13.176 / 2 = 2.6352 and a
// deviation of 8.0655, in points 1610.68 and 338.75; the loser 1389.32.
#pragma once

#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

/// On the paper's scale.
struct Skill {
  double mu = 25;
  double sigma = 25.0 / 3;
};

/// `ranks`: one for each side, lower is better, equal is tied.
std::vector<std::vector<Skill>> plackett_luce(const std::vector<std::vector<Skill>>& sides,
                                              const std::vector<int>& ranks, double weight = 1);

Sides rate_by_weng_lin(const Sides& sides, const MatchOutcome& outcome, double weight);

}  // namespace mm::profile
