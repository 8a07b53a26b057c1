#include "services/game_server/core/stats.h"

#include "services/game_server/core/match_outcome.h"

namespace mm::game {
namespace {

// A number from 0 to limit - 1.
int below(std::uint64_t bits, int limit) { return static_cast<int>(bits % static_cast<std::uint64_t>(limit)); }

}  // namespace

std::vector<PlayerStats> stats_of(MatchId match, const std::vector<std::vector<PlayerId>>& teams, int winning_team) {
  std::vector<PlayerStats> all;
  for (std::size_t team = 0; team < teams.size(); ++team) {
    const bool won = static_cast<int>(team) == winning_team;
    for (const auto& player : teams[team]) {
      // Stream 0 selects the winner.
      const auto bits = random_bits(match, all.size() + 1);
      PlayerStats stats;
      stats.player_id = player;
      stats.kills = below(bits, 12) + (won ? 4 : 0);
      stats.deaths = below(bits >> 16, 10) + (won ? 0 : 3);
      stats.assists = below(bits >> 32, 15);
      stats.score = 100 * stats.kills + 50 * stats.assists - 25 * stats.deaths + (won ? 500 : 0);
      all.push_back(stats);
    }
  }
  return all;
}

}  // namespace mm::game
