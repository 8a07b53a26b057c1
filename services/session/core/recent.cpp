#include "services/session/core/recent.h"

namespace mm::session {

RecentMatch recent_view(const Match& match, PlayerId player, const std::optional<MatchCompleted>& completed) {
  RecentMatch recent;
  recent.match_id = match.id;
  recent.mode = match.mode;
  recent.region = match.region;
  recent.status = match.status;
  recent.ended_at = match.ended_at.value_or(match.stored_at);
  recent.team = team_of(match, player);
  if (completed) {
    recent.winning_team = completed->winning_team;
    recent.duration_seconds = completed->duration_seconds;
    recent.result = !completed->winning_team                  ? Outcome::draw
                    : *completed->winning_team == recent.team ? Outcome::win
                                                              : Outcome::loss;
  }
  if (match.status == MatchStatus::cancelled) {
    recent.reason = match.reason;
    for (const auto& team : match.teams) {
      for (const auto& member : team.players) {
        if (member.player_id == player) recent.requeued = is_requeued(match, member);
      }
    }
  }
  return recent;
}

}  // namespace mm::session
