// Computes the rated match from a completed match and its players' ratings: the decision of the consumer of
// match.completed. Pure.
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

/// How the match changes one player's row: the new rating, and one more game with this outcome.
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
  std::optional<RatingSystem> system;  ///< the system that rated the match; none: unrated
  int margin = 0;                      ///< with which the match was rated (margin.h)
};

/// Why this event can never be applied: a side without players, a player twice, a winner that did not play. None: it
/// can be applied.
std::optional<std::string> flaw_of(const MatchCompleted& match);

/// `before` has every player of the match. `rules`: of the match's mode; nullptr if the mode is no longer in the table.
/// Without rules, or with unrated rules, ratings do not change, but games, wins, losses and draws count. `margin`: how
/// one-sided the match was, in thousandths of a game (margin.h).
RatedMatch rate_match(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& before,
                      const ModeRules* rules, int margin = 0);

}  // namespace mm::profile
