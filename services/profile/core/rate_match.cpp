#include "services/profile/core/rate_match.h"

#include <set>
#include <utility>

#include "common/base/limits.h"
#include "common/base/result.h"
#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

Outcome outcome_of(std::size_t team, std::optional<int> winning_team) {
  if (!winning_team) return Outcome::draw;
  return std::cmp_equal(team, *winning_team) ? Outcome::win : Outcome::loss;
}

const PlayerBefore& row_of(const std::map<PlayerId, PlayerBefore>& before, const PlayerId& player) {
  const auto found = before.find(player);
  check(found != before.end(), "a player of the match was not loaded");
  return found->second;
}

std::optional<std::size_t> winner_of(const MatchCompleted& match) {
  if (!match.winning_team) return std::nullopt;
  return static_cast<std::size_t>(*match.winning_team);
}

Sides sides_of(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& before) {
  Sides sides;
  for (const auto& team : match.teams) {
    auto& side = sides.emplace_back();
    for (const auto& player : team) side.push_back(row_of(before, player.player_id).rated);
  }
  return sides;
}

RatedPlayer rated_player(const CompletedPlayer& player, const RatingChange& change,
                         const std::optional<std::string>& username) {
  RatedPlayer rated;
  rated.player_id = player.player_id;
  rated.ticket_id = player.ticket_id;
  rated.party_id = player.party_id;
  rated.username = username;
  rated.mmr = player.mmr;
  rated.mmr_before = to_points(change.before.mmr);
  rated.mmr_after = to_points(change.after.mmr);
  rated.deviation = to_points(change.after.deviation);
  rated.games = change.after.games;
  rated.deviation_at = change.after.deviation_at;
  rated.deviation_growth = deviation_growth(change.after);
  rated.stats = player.stats;
  return rated;
}

MatchRated without_players(const MatchCompleted& match) {
  MatchRated event;
  event.match_id = match.match_id;
  event.tenant = match.tenant;
  event.mode = match.mode;
  event.region = match.region;
  event.winning_team = match.winning_team;
  event.duration_seconds = match.duration_seconds;
  event.started_at = match.started_at;
  event.ended_at = match.ended_at;
  return event;
}

}  // namespace

std::optional<std::string> flaw_of(const MatchCompleted& match) {
  if (match.teams.size() < 2 || match.teams.size() > limits::kMaxTeams) return "not 2 to 16 teams";
  std::set<PlayerId> seen;
  for (const auto& team : match.teams) {
    if (team.empty() || team.size() > limits::kMaxTeamSize) return "a team without players or with more than 100";
    for (const auto& player : team) {
      if (!seen.insert(player.player_id).second) return "a player is in the match twice";
    }
  }
  if (match.winning_team && (*match.winning_team < 0 || !std::cmp_less(*match.winning_team, match.teams.size()))) {
    return "the winner is none of the teams";
  }
  return std::nullopt;
}

RatedMatch rate_match(const MatchCompleted& match, const std::map<PlayerId, PlayerBefore>& before,
                      const ModeRules* rules, int margin) {
  RatedMatch rated{without_players(match), {}, std::nullopt, 0};
  const auto sides = sides_of(match, before);
  auto after = sides;
  if (rules != nullptr && rules->rated) {
    rated.event.rated = true;
    rated.system = rules->rating;
    rated.margin = margin;
    after = rate(rules->rating, sides, {winner_of(match), match.ended_at, margin});
  } else {
    rated.event.rated = false;
  }
  for (std::size_t team = 0; team < match.teams.size(); ++team) {
    auto& players = rated.event.teams.emplace_back();
    for (std::size_t slot = 0; slot < match.teams[team].size(); ++slot) {
      const auto& player = match.teams[team][slot];
      RatingChange change{player.player_id,       static_cast<int>(team),
                          static_cast<int>(slot), outcome_of(team, match.winning_team),
                          sides[team][slot],      after[team][slot]};
      change.after.games = change.before.games + 1;
      players.push_back(rated_player(player, change, row_of(before, player.player_id).username));
      rated.changes.push_back(std::move(change));
    }
  }
  return rated;
}

}  // namespace mm::profile
