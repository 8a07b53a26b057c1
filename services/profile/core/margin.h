// How much a match counts: margin of victory. Pure. A narrow win counts as one game, a one-sided one as more; in every
// system that is a factor on the evidence of the match, so a win stays a win and a mode without scores is untouched.
//
// The margin is the winner's lead over the best of the others as a part of what both scored: 13 : 11 is 0.083, 3 : 0 is
// 1. It does not depend on what a game calls a point. Times the mode's margin_weight it is how many games more the
// match counts, but corrected for favourites, who win by more without being better than we thought: by 2.2 / (2.2 +
// 0.001 * lead in rating), the factor of FiveThirtyEight's Elo for American football (N. Silver, "Introducing NFL Elo
// Ratings", 2014). A draw, and a winner that scored less than another (who gave up), is one game.
//
// Worked: 13 : 2, margin_weight 1: 11 / 15 = 0.733. Equal ratings: 1.733 games. The favourite by 200 points: 1 + 0.733
// * 2.2 / 2.4 = 1.672. The underdog by 200: 1 + 0.733 * 2.2 / 2.0 = 1.807.
#pragma once

#include <optional>
#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

/// In thousandths of a game. `scores`: one for each side; 0 unless every side has one, none of them negative.
int margin_of(const std::vector<std::optional<double>>& scores, std::optional<std::size_t> winner,
              double margin_weight);

/// How many games the match counts as: from 1 to 2.83 with a margin_weight of 1.
double match_weight(const Sides& sides, const MatchOutcome& outcome);

}  // namespace mm::profile
