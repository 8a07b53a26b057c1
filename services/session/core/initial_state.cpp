#include "services/session/core/initial_state.h"

#include <map>

#include "common/base/limits.h"

namespace mm::session {
namespace {

std::optional<std::string> bad_shape(const MatchFound& found, const ModeTable& modes) {
  const auto teams = static_cast<int>(found.teams.size());
  if (teams < 2 || teams > limits::kMaxTeams) return "it has not 2 to 16 teams";
  if (found.team_size < 1 || found.team_size > limits::kMaxTeamSize) return "its team size is not 1 to 100";
  const auto* rules = modes.find(found.mode);
  if (rules != nullptr && teams != rules->teams) return "its mode has another number of teams";
  for (const auto& team : found.teams) {
    const auto players = static_cast<int>(team.players.size());
    // A match that was made from given teams may have teams smaller than its team size.
    const bool fits =
        found.source == MatchSource::queue ? players == found.team_size : players >= 1 && players <= found.team_size;
    if (!fits) return "a team has the wrong size";
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> bad_roster(const MatchFound& found, const ModeTable& modes) {
  if (auto wrong = bad_shape(found, modes)) return wrong;
  std::set<PlayerId> players;
  std::map<TicketId, std::size_t> team_of_ticket;
  for (std::size_t i = 0; i < found.teams.size(); ++i) {
    for (const auto& player : found.teams[i].players) {
      if (!players.insert(player.player_id).second) return "a player is in it twice";
      if (!player.ticket_id) continue;
      const auto [known, fresh] = team_of_ticket.emplace(*player.ticket_id, i);
      if (!fresh && known->second != i) return "a ticket is in two teams";
    }
  }
  return std::nullopt;
}

std::optional<Refusal> initial_refusal(const Match& row, const InitialFacts& facts) {
  if (facts.bad_roster) {
    const auto everyone = players_of(row.teams);
    return Refusal{*facts.bad_roster, cancelled_event(row, CancelReason::conflict, {everyone.begin(), everyone.end()})};
  }
  if (row.stored_at - row.found_at > facts.max_age) {
    return Refusal{"its row was stored too late", cancelled_event(row, CancelReason::no_server)};
  }
  if (!facts.busy.empty()) {
    return Refusal{"a player is in another live match", cancelled_event(row, CancelReason::conflict, facts.busy)};
  }
  return std::nullopt;
}

}  // namespace mm::session
