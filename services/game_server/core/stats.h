// What the sample game says of each player at the end. Pure and deterministic, like the coin.
#pragma once

#include <vector>

#include "common/base/id.h"

namespace mm::game {

struct PlayerStats {
  PlayerId player_id;
  int kills = 0;
  int deaths = 0;
  int assists = 0;
  int score = 0;
};

template <class F>
void describe(F& f, PlayerStats& m) {
  f("player_id", m.player_id);
  f("kills", m.kills);
  f("deaths", m.deaths);
  f("assists", m.assists);
  f("score", m.score);
}

/// One entry per player, team by team; the winners' are a little better.
std::vector<PlayerStats> stats_of(MatchId match, const std::vector<std::vector<PlayerId>>& teams, int winning_team);

}  // namespace mm::game
