#include "services/simulator/policies/fifo.h"

namespace mm::simulator {

void Fifo::enter(const WaitingTicket& ticket) {
  queue_.emplace(ticket.number, ticket);
  due_ = ticket.queued_at;
}

void Fifo::leave(TicketNumber number, matching::BucketMs) { queue_.erase(number); }

void Fifo::tick(matching::BucketMs, std::vector<MadeMatch>& made) {
  for (TeamsOfTickets teams; take_from_the_front(teams); teams = {}) {
    made.push_back(seat(teams));
    for (const MadeSeat& taken : made.back().seats) queue_.erase(taken.ticket);
  }
  due_ = kNever;
}

bool Fifo::take_from_the_front(TeamsOfTickets& teams) const {
  std::vector<int> room(static_cast<std::size_t>(terms_.rules.teams), terms_.team_size);
  teams.teams.resize(room.size());
  int missing = terms_.match_players();
  for (const auto& [number, ticket] : queue_) {
    for (std::size_t team = 0; team < room.size(); ++team) {
      if (room[team] < ticket.size()) continue;
      room[team] -= ticket.size();
      missing -= ticket.size();
      teams.teams[team].push_back(&ticket);
      break;
    }
    if (missing == 0) return true;
  }
  return false;
}

}  // namespace mm::simulator
