// The statistics that the sample game reports of each player. Pure; they depend only on the match id, teams and winner.
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

/// One entry per player, in the order of the teams. Winners get slightly better statistics.
std::vector<PlayerStats> stats_of(MatchId match, const std::vector<std::vector<PlayerId>>& teams, int winning_team);

}  // namespace mm::game
