// Small matches for tests: players are numbers, tickets letters ('-' is none).
#pragma once

#include <vector>

#include "services/session/core/initial_state.h"

namespace mm::session {

struct Seat {
  int player;
  char ticket;
};

template <class T>
T numbered_id(int number, std::uint8_t kind) {
  Uuid uuid;
  uuid.bytes[0] = kind;
  uuid.bytes[6] = 0x70;
  uuid.bytes[8] = 0x80;
  uuid.bytes[15] = static_cast<std::uint8_t>(number);
  return T(uuid);
}

inline PlayerId player(int number) { return numbered_id<PlayerId>(number, 1); }
inline TicketId ticket(char letter) { return numbered_id<TicketId>(letter, 2); }
inline MatchId match_id(int number) { return numbered_id<MatchId>(number, 3); }

inline MatchFound found_match(const std::vector<std::vector<Seat>>& teams) {
  MatchFound found;
  found.match_id = match_id(1);
  found.tenant = default_tenant();
  found.mode = ranked_mode();
  found.region = default_region();
  found.created_at = TimePoint(Milliseconds(1'767'225'600'000));
  for (const auto& seats : teams) {
    auto& team = found.teams.emplace_back();
    for (const auto& seat : seats) {
      FoundPlayer member;
      member.player_id = player(seat.player);
      member.mmr = 1500 + seat.player;
      if (seat.ticket != '-') member.ticket_id = ticket(seat.ticket);
      team.players.push_back(member);
    }
  }
  found.team_size = static_cast<int>(teams.front().size());
  return found;
}

inline Match row_of(const MatchFound& found) {
  auto match = initial_state(found);
  match.stored_at = found.created_at;
  return match;
}

}  // namespace mm::session
