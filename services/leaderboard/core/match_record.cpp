#include "services/leaderboard/core/match_record.h"

#include <cmath>
#include <set>
#include <utility>

#include "common/base/limits.h"

namespace mm::leaderboard {
namespace {

/// Far above any rating, and far below what sums and the order of places can represent.
constexpr double kMaxPoints = 1e9;
constexpr double kMaxSeconds = 1e9;

Outcome outcome_of(std::size_t team, std::optional<int> winning_team) {
  if (!winning_team) return Outcome::draw;
  return std::cmp_equal(team, *winning_team) ? Outcome::win : Outcome::loss;
}

bool is_rating(double points) { return std::abs(points) <= kMaxPoints; }

}  // namespace

Hundredths to_hundredths(double points) { return std::llround(points * 100.0); }

int shown_points(Hundredths rating) {
  const auto shifted = rating + 50;
  return static_cast<int>(shifted >= 0 ? shifted / 100 : (shifted - 99) / 100);
}

std::optional<std::string> flaw_of(const MatchRated& match) {
  if (match.teams.empty() || match.teams.size() > limits::kMaxTeams) return "not 1 to 16 teams";
  if (match.winning_team && (*match.winning_team < 0 || !std::cmp_less(*match.winning_team, match.teams.size()))) {
    return "the winner is none of the teams";
  }
  if (!(std::abs(match.duration_seconds) <= kMaxSeconds)) return "an impossible duration";
  std::set<PlayerId> seen;
  for (const auto& team : match.teams) {
    if (team.size() > limits::kMaxTeamSize) return "a team with more than 100 players";
    for (const auto& player : team) {
      if (!seen.insert(player.player_id).second) return "a player is in the match twice";
      if (!is_rating(player.mmr_before) || !is_rating(player.mmr_after)) return "an impossible rating";
    }
  }
  return std::nullopt;
}

MatchRecord record_of(const MatchRated& match, const std::optional<Season>& season) {
  MatchRecord record{{}, season, match.rated && season};
  for (std::size_t team = 0; team < match.teams.size(); ++team) {
    for (std::size_t slot = 0; slot < match.teams[team].size(); ++slot) {
      const auto& player = match.teams[team][slot];
      record.players.push_back({player.player_id, player.username.value_or(""), static_cast<int>(team),
                                static_cast<int>(slot), outcome_of(team, match.winning_team),
                                to_hundredths(player.mmr_before), to_hundredths(player.mmr_after), player.games,
                                player.stats.text});
    }
  }
  return record;
}

}  // namespace mm::leaderboard
