// From a completed match and its players' ratings to the rated match: the decision of the consumer of match.completed.
// Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"
#include "services/profile/core/rating.h"

namespace mm::profile {

/// A player's row before the match, and the name if the player has an account.
struct PlayerBefore {
  Rated rated;
  std::optional<std::string> username;
};

/// What the match does to one player's row: the new rating, one game more with that outcome.
struct RatingChange {
  PlayerId player_id;
  int team = 0;
  int slot = 0;
  Outcome outcome = Outcome::draw;
  Rated before;
  Rated after;
};

struct RatedMatch {
  MatchRated event;
  std::vector<RatingChange> changes;   ///< one for each player, in the order of the roster
  std::optional<RatingSystem> system;  ///< that rated it; none: unrated
  int margin = 0;                      ///< that it was rated with (margin.h)
};

/// Why this event can never be applied, if so: a side without players, a player twice, a winner that did not play.
std::optional<std::string> flaw_of(const MatchCompleted& match);

/// `before` has every player of the match. `rules` of the match's mode: nullptr (a mode that is no longer in the table)
/// and rules that are unrated leave ratings as they are; games, wins, losses and draws count all the same. `margin`:
/// how one-sided it was, in thousandths of a game (margin.h).
RatedMatch rate_match(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& before,
                      const ModeRules* rules, int margin = 0);

}  // namespace mm::profile
