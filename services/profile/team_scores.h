// Reads the score of each team from the stats of a result: the sum, over the team's players, of the number whose name
// is the mode's margin_stat. The core works with these numbers and does not read JSON.
#pragma once

#include <optional>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/modes.h"

namespace mm::profile {

/// One score per team; none if no player of the team has that number.
std::vector<std::optional<double>> team_scores(const MatchCompleted& match, const StatName& stat);

/// How one-sided the match was, in thousandths of a game (core/margin.h). 0 if the mode is unrated or has no
/// margin_stat, if the match is a draw, or if a team has no score.
int margin_between(const MatchCompleted& match, const ModeRules* rules);

}  // namespace mm::profile
