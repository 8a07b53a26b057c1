// The format of a bucket's matches: number and size of teams, windows, and the scale of the waiting bonus. Derived from
// the mode's rules once per tick.
#pragma once

#include <cstddef>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/rules/window.h"

namespace mm::matching {

struct Format {
  Format(const ModeRules& rules, int players_a_team)
      : teams(rules.teams),
        team_size(players_a_team),
        players(rules.teams * players_a_team),
        use_rating(rules.use_rating),
        widen_seconds(rules.widen_seconds),
        window(rules) {}

  int teams;
  int team_size;
  int players;  ///< in all teams together
  bool use_rating;
  double widen_seconds;
  Window window;
};

}  // namespace mm::matching
