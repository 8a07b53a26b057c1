// The score of each team, as the game server reported it: the sum, over the team's players, of the number that the
// mode names by margin_stat. Here the stats of a result are read; the core sees numbers.
#pragma once

#include <optional>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/modes.h"

namespace mm::profile {

/// One for each team: none if no player of it has that number.
std::vector<std::optional<double>> team_scores(const MatchCompleted& match, const StatName& stat);

/// How one-sided the match was, in thousandths of a game (core/margin.h). 0 where the mode names no margin_stat, or not
/// every team has a score.
int margin_between(const MatchCompleted& match, const ModeRules* rules);

}  // namespace mm::profile
