#include "services/session/core/result.h"

#include <map>
#include <set>

namespace mm::session {
namespace {

// The list must have each player of the match exactly once. A game server that leaves a player out has lost track of
// its players.
void check_stats(const Match& match, const std::vector<PlayerStats>& stats, std::vector<FieldError>& errors) {
  std::set<PlayerId> seen;
  for (std::size_t i = 0; i < stats.size(); ++i) {
    const auto pointer = "/player_stats/" + std::to_string(i) + "/player_id";
    const auto& player = stats[i].player_id;
    if (!player) {
      errors.push_back({pointer, "must be there and be a UUID in lower case with hyphens"});
    } else if (team_of(match, *player) < 0) {
      errors.push_back({pointer, "must be a player of this match"});
    } else if (!seen.insert(*player).second) {
      errors.push_back({pointer, "is given twice"});
    }
  }
  for (const auto& player : players_of(match.teams)) {
    if (seen.contains(player)) continue;
    errors.push_back(
        {"/player_stats", "must have each player of the match once; " + player.to_string() + " is missing"});
  }
}

Verdict verdict_on(const Match& match, const Report& report) {
  switch (match.status) {
    case MatchStatus::allocating:
    case MatchStatus::loading: return Verdict::not_yet;
    case MatchStatus::ready:
    case MatchStatus::running: return Verdict::accept;
    case MatchStatus::completed:
      if (report.hash.empty()) return Verdict::over;
      return match.result_hash == report.hash ? Verdict::repeated : Verdict::conflict;
    case MatchStatus::cancelled: break;
  }
  check(match.status == MatchStatus::cancelled, "a match without a status");
  if (match.reason != CancelReason::voided) return Verdict::over;
  // A void result and an aborting heartbeat agree. Only two results with different content contradict each other.
  const bool same = match.result_hash.empty() || report.hash.empty() || match.result_hash == report.hash;
  return report.voids && same ? Verdict::repeated : Verdict::conflict;
}

std::vector<FieldError> check_report(const Match& match, const Report& report) {
  std::vector<FieldError> errors;
  if (report.winning_team && *report.winning_team >= static_cast<int>(match.teams.size())) {
    errors.push_back(
        {"/winning_team", "must be below " + std::to_string(match.teams.size()) + ", the number of teams"});
  }
  if (report.player_stats) check_stats(match, *report.player_stats, errors);
  return errors;
}

}  // namespace

Judgement judge(const Match& match, const Report& report, TimePoint now) {
  if (auto errors = check_report(match, report); !errors.empty()) return {Verdict::invalid, {}, std::move(errors)};
  const auto verdict = verdict_on(match, report);
  if (verdict != Verdict::accept) return {verdict};
  if (report.voids) return {verdict, MatchEnd{cancelled_event(match, CancelReason::voided), report.hash}};
  return {verdict, MatchEnd{completed_event(match, report, now), report.hash}};
}

MatchCompleted completed_event(const Match& match, const Report& report, TimePoint ended_at) {
  std::map<PlayerId, const fields::RawJson*> stats;
  if (report.player_stats) {
    for (const auto& entry : *report.player_stats) {
      if (entry.player_id) stats.emplace(*entry.player_id, &entry.stats);
    }
  }
  MatchCompleted event;
  event.match_id = match.id;
  event.tenant = match.tenant;
  event.mode = match.mode;
  event.region = match.region;
  event.winning_team = report.winning_team;
  event.duration_seconds = report.duration_seconds;
  event.started_at = match.started_at.value_or(match.ready_at.value_or(ended_at));
  event.ended_at = ended_at;
  for (const auto& team : match.teams) {
    auto& players = event.teams.emplace_back();
    for (const auto& found : team.players) {
      CompletedPlayer player{found.player_id, found.ticket_id, found.party_id, found.mmr, {}};
      if (const auto own = stats.find(found.player_id); own != stats.end()) player.stats = *own->second;
      players.push_back(std::move(player));
    }
  }
  return event;
}

}  // namespace mm::session
