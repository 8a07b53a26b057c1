// Small matches for tests. Players are numbers, tickets are letters ('-': no ticket).
#pragma once

#include <vector>

#include "services/session/core/match.h"

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

/// The row of a match that was stored when it was found.
inline Match row_of(const MatchFound& found) {
  Match match;
  match.id = found.match_id;
  match.tenant = found.tenant;
  match.mode = found.mode;
  match.region = found.region;
  match.source = found.source;
  match.team_size = found.team_size;
  match.teams = found.teams;
  match.found_at = found.created_at;
  match.stored_at = found.created_at;
  return match;
}

}  // namespace mm::session
