#include "services/simulator/policies/queue.h"

#include <algorithm>

namespace mm::simulator {
namespace {

struct Team {
  int players = 0;
  double strength = 0;
};

/// The weakest team with room; -1 if there is none.
int weakest_with_room(const std::vector<Team>& teams, int size, int team_size) {
  int best = -1;
  for (std::size_t team = 0; team < teams.size(); ++team) {
    if (teams[team].players + size > team_size) continue;
    if (best < 0 || teams[team].strength < teams[static_cast<std::size_t>(best)].strength)
      best = static_cast<int>(team);
  }
  return best;
}

bool fill(const std::vector<int>& sizes, std::size_t next, std::vector<int>& room) {
  if (next == sizes.size()) return std::all_of(room.begin(), room.end(), [](int left) { return left == 0; });
  for (std::size_t team = 0; team < room.size(); ++team) {
    const bool seen = std::find(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(team), room[team]) !=
                      room.begin() + static_cast<std::ptrdiff_t>(team);
    if (seen || room[team] < sizes[next]) continue;
    room[team] -= sizes[next];
    if (fill(sizes, next + 1, room)) return true;
    room[team] += sizes[next];
  }
  return false;
}

}  // namespace

MadeMatch seat(const TeamsOfTickets& teams) {
  MadeMatch match;
  for (std::size_t team = 0; team < teams.teams.size(); ++team) {
    for (const WaitingTicket* ticket : teams.teams[team]) {
      match.region = ticket->region;
      for (int i = 0; i < ticket->size(); ++i) {
        match.seats.push_back({ticket->number, static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(team)});
      }
    }
  }
  return match;
}

std::optional<TeamsOfTickets> deal_evenly(std::span<const WaitingTicket* const> tickets, const Terms& terms) {
  std::vector<const WaitingTicket*> order(tickets.begin(), tickets.end());
  std::stable_sort(order.begin(), order.end(), [](const WaitingTicket* a, const WaitingTicket* b) {
    return a->size() != b->size() ? a->size() > b->size() : a->rating > b->rating;
  });
  std::vector<Team> teams(static_cast<std::size_t>(terms.rules.teams));
  TeamsOfTickets dealt;
  dealt.teams.resize(teams.size());
  for (const WaitingTicket* ticket : order) {
    const int team = weakest_with_room(teams, ticket->size(), terms.team_size);
    if (team < 0) return std::nullopt;
    const auto index = static_cast<std::size_t>(team);
    teams[index].players += ticket->size();
    teams[index].strength += ticket->rating * ticket->size();
    dealt.teams[index].push_back(ticket);
  }
  return dealt;
}

MadeMatch deal_players(std::span<const WaitingTicket* const> tickets, const Terms& terms) {
  struct Seated {
    MadeSeat seat;
    double mmr;
  };
  std::vector<Seated> players;
  MadeMatch match;
  for (const WaitingTicket* ticket : tickets) {
    match.region = ticket->region;
    for (int i = 0; i < ticket->size(); ++i) {
      const auto player = static_cast<std::uint8_t>(i);
      players.push_back({{ticket->number, player, 0}, ticket->players[player].mmr});
    }
  }
  std::stable_sort(players.begin(), players.end(), [](const Seated& a, const Seated& b) { return a.mmr > b.mmr; });
  std::vector<Team> teams(static_cast<std::size_t>(terms.rules.teams));
  for (Seated& player : players) {
    const int team = std::max(0, weakest_with_room(teams, 1, terms.team_size));
    player.seat.team = static_cast<std::uint8_t>(team);
    ++teams[player.seat.team].players;
    teams[player.seat.team].strength += player.mmr;
    match.seats.push_back(player.seat);
  }
  return match;
}

bool sizes_fill_teams(std::vector<int> sizes, const Terms& terms) {
  std::sort(sizes.begin(), sizes.end(), std::greater<>());
  std::vector<int> room(static_cast<std::size_t>(terms.rules.teams), terms.team_size);
  return fill(sizes, 0, room);
}

PerRegion::PerRegion(std::size_t regions, const Make& make) {
  for (std::size_t region = 0; region < regions; ++region) parts_.push_back(make(static_cast<std::uint8_t>(region)));
}

std::size_t PerRegion::region_of(TicketNumber number, std::uint8_t region) {
  return regions_.try_emplace(number, region).first->second;
}

void PerRegion::leave(TicketNumber number, matching::BucketMs now) {
  const auto found = regions_.find(number);
  if (found == regions_.end()) return;
  parts_[found->second]->leave(number, now);
  regions_.erase(found);
}

void PerRegion::tick(matching::BucketMs now, std::vector<MadeMatch>& made) {
  const std::size_t first = made.size();
  for (auto& part : parts_) {
    if (part->due() <= now) part->tick(now, made);
  }
  for (std::size_t i = first; i < made.size(); ++i) {
    for (const MadeSeat& seat : made[i].seats) regions_.erase(seat.ticket);
  }
}

matching::BucketMs PerRegion::due() const {
  matching::BucketMs soonest = kNever;
  for (const auto& part : parts_) soonest = std::min(soonest, part->due());
  return soonest;
}

}  // namespace mm::simulator
