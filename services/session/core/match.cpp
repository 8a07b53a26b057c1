#include "services/session/core/match.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mm::session {
namespace {

constexpr std::array<std::pair<MatchStatus, MatchStatus>, 7> kTransitions{{
    {MatchStatus::allocating, MatchStatus::ready},
    {MatchStatus::allocating, MatchStatus::cancelled},
    {MatchStatus::ready, MatchStatus::running},
    {MatchStatus::ready, MatchStatus::completed},
    {MatchStatus::ready, MatchStatus::cancelled},
    {MatchStatus::running, MatchStatus::completed},
    {MatchStatus::running, MatchStatus::cancelled},
}};

template <class Visit>
void each_player(const std::vector<FoundTeam>& teams, Visit visit) {
  for (const auto& team : teams) {
    for (const auto& player : team.players) visit(player);
  }
}

MatchView view_of(const Match& match) {
  MatchView view;
  view.match_id = match.id;
  view.status = match.status;
  view.mode = match.mode;
  view.region = match.region;
  view.teams = rosters_of(match.teams);
  if (is_playable(match.status)) {
    view.server_endpoint = match.server_endpoint;
    view.server_url = match.server_url;
  }
  return view;
}

}  // namespace

bool may_become(MatchStatus from, MatchStatus to) {
  return std::find(kTransitions.begin(), kTransitions.end(), std::pair(from, to)) != kTransitions.end();
}

std::vector<MatchStatus> states_before(MatchStatus to) {
  std::vector<MatchStatus> states;
  for (const auto& [from, next] : kTransitions) {
    if (next == to) states.push_back(from);
  }
  return states;
}

std::vector<std::vector<PlayerId>> rosters_of(const std::vector<FoundTeam>& teams) {
  std::vector<std::vector<PlayerId>> rosters(teams.size());
  for (std::size_t i = 0; i < teams.size(); ++i) {
    for (const auto& player : teams[i].players) rosters[i].push_back(player.player_id);
  }
  return rosters;
}

std::vector<PlayerId> players_of(const std::vector<FoundTeam>& teams) {
  std::vector<PlayerId> players;
  each_player(teams, [&](const FoundPlayer& player) { players.push_back(player.player_id); });
  std::sort(players.begin(), players.end());
  return players;
}

int team_of(const Match& match, PlayerId player) {
  for (std::size_t i = 0; i < match.teams.size(); ++i) {
    for (const auto& member : match.teams[i].players) {
      if (member.player_id == player) return static_cast<int>(i);
    }
  }
  return -1;
}

bool is_requeued(const Match& match, const FoundPlayer& player) {
  return player.ticket_id &&
         std::find(match.requeue.begin(), match.requeue.end(), *player.ticket_id) != match.requeue.end();
}

MatchView seen_by_service(const Match& match) {
  auto view = view_of(match);
  if (match.status == MatchStatus::cancelled) view.requeue = match.requeue;
  return view;
}

MatchView seen_by_player(const Match& match, PlayerId player) {
  auto view = view_of(match);
  view.team = team_of(match, player);
  return view;
}

MatchReady ready_event(const Match& match) {
  MatchReady event;
  event.match_id = match.id;
  event.tenant = match.tenant;
  event.mode = match.mode;
  event.region = match.region;
  event.server_endpoint = match.server_endpoint;
  event.teams = rosters_of(match.teams);
  return event;
}

MatchCancelled cancelled_event(const Match& match, CancelReason reason, const std::set<PlayerId>& culprits) {
  const bool requeues = reason == CancelReason::no_server || reason == CancelReason::conflict;
  std::set<TicketId> ended;
  each_player(match.teams, [&](const FoundPlayer& player) {
    if (player.ticket_id && (!requeues || culprits.contains(player.player_id))) ended.insert(*player.ticket_id);
  });
  MatchCancelled event;
  event.match_id = match.id;
  event.tenant = match.tenant;
  event.reason = reason;
  event.teams = rosters_of(match.teams);
  each_player(match.teams, [&](const FoundPlayer& player) {
    if (!player.ticket_id || ended.contains(*player.ticket_id)) {
      event.dropped.push_back(player.player_id);
    } else if (std::find(event.requeue.begin(), event.requeue.end(), *player.ticket_id) == event.requeue.end()) {
      event.requeue.push_back(*player.ticket_id);
    }
  });
  return event;
}

}  // namespace mm::session
