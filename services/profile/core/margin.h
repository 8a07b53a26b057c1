// Margin of victory: how many games a match counts as. Pure. A narrow win counts as one game, a one-sided win as more.
// In every rating system the number of games is a factor on the evidence of the match. So a win remains a win, and
// modes without scores are not affected.
//
// The margin is the winner's lead over the best other side, divided by the sum of both scores: 13 : 11 is 0.083, 3 : 0
// is 1. It does not depend on the unit of the scores. The margin times the mode's margin_weight is the number of
// additional games. This number is corrected for favourites, who win by larger margins without being better than
// rated: by the factor 2.2 / (2.2 + 0.001 * lead in rating) of FiveThirtyEight's Elo for American football (N. Silver,
// "Introducing NFL Elo Ratings", 2014). A draw counts as one game. So does a win of a side that scored less than
// another side, which must have given up.
//
// Worked: 13 : 2, margin_weight 1: 11 / 15 = 0.733. Equal ratings: 1.733 games. The favourite by 200 points: 1 + 0.733
// * 2.2 / 2.4 = 1.672. The underdog by 200: 1 + 0.733 * 2.2 / 2.0 = 1.807.
#pragma once

#include <optional>
#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

/// In thousandths of a game. `scores`: one per side. 0 if a side has no score or a negative one.
int margin_of(const std::vector<std::optional<double>>& scores, std::optional<std::size_t> winner,
              double margin_weight);

/// How many games the match counts as: from 1 to 2.83 with a margin_weight of 1.
double match_weight(const Sides& sides, const MatchOutcome& outcome);

}  // namespace mm::profile
