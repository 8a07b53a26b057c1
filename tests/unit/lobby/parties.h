// Creates players and parties for the unit tests of lobby.
#pragma once

#include <initializer_list>
#include <string>

#include "services/lobby/core/party.h"

namespace mm::lobby {

/// The same player for the same number.
inline PlayerId player(int number) {
  Uuid id;
  id.bytes[6] = 0x70;
  id.bytes[8] = 0x80;
  id.bytes[14] = static_cast<std::uint8_t>(number >> 8);
  id.bytes[15] = static_cast<std::uint8_t>(number);
  return PlayerId(id);
}

inline TimePoint at(std::int64_t seconds) { return TimePoint(Milliseconds(1'767'225'600'000 + seconds * 1000)); }

inline PartyId some_party() { return PartyId(player(1000).uuid()); }
inline TicketId some_ticket() { return TicketId(player(2000).uuid()); }
inline MatchId some_match() { return MatchId(player(3000).uuid()); }

/// Players 1 to `size`, joined one second apart; 1 leads. No member is ready.
inline PartyState party_of(int size, bool is_public = true) {
  CreateParty options;
  options.is_public = is_public;
  options.username = "p1";
  PartyState state = create_party(some_party(), {player(1)}, options, at(0));
  for (int i = 2; i <= size; ++i) {
    state.party.members.push_back({player(i), "p" + std::to_string(i), false, at(i)});
    ++state.party.version;
  }
  return state;
}

inline PartyState with_all_ready(PartyState state) {
  for (auto& member : state.party.members) member.ready = true;
  return state;
}

inline PartyState queued_party(int size) {
  PartyState state = with_all_ready(party_of(size));
  state.party.ticket_id = some_ticket();
  return with_ticket(std::move(state), {TicketStage::queued, std::nullopt, false});
}

inline PartyState playing_party(int size) {
  PartyState state = with_all_ready(party_of(size));
  state.party.ticket_id = some_ticket();
  return with_ticket(std::move(state), {TicketStage::in_match, some_match(), false});
}

inline int ready_count(const PartyState& state) { return ready_summary(state.party).ready_count; }

/// The code of a refusal; none for a success.
template <class T>
std::optional<Code> refusal(const Reply<T>& reply) {
  if (reply) return std::nullopt;
  return reply.error().code;
}

}  // namespace mm::lobby
