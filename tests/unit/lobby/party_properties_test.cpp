// Any sequence of changes keeps a party consistent (I30): members are unique and at most max_size, the leader is a
// member, each change increments the version, readiness is cleared when the members change, and the leader is absent
// only while no member is connected.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

#include "tests/unit/lobby/parties.h"

namespace mm::lobby {
namespace {

std::set<PlayerId> members(const PartyState& state) {
  std::set<PlayerId> players;
  for (const auto& member : state.party.members) players.insert(member.player_id);
  return players;
}

Reply<PartyState> any_change(const PartyState& before, TimePoint now) {
  const auto who = player(*rc::gen::inRange(1, 9));
  const auto other = player(*rc::gen::inRange(1, 9));
  switch (*rc::gen::inRange(0, 10)) {
    case 0: {
      const bool in_a_party = *rc::gen::weightedElement<bool>({{1, true}, {5, false}});
      return join(before, {who, "x", in_a_party, *rc::gen::arbitrary<bool>()}, now);
    }
    case 1: return leave(before, who);
    case 2: return kick(before, who, other, now);
    case 3: return promote(before, who, other);
    case 4: return invite(before, who, other, now);
    case 5: return end_invite(before, who, other, now);
    case 6: return expire_invite(before, other, now);
    case 7: return socket_changed(before, who, *rc::gen::arbitrary<bool>());
    case 8: return grace_ended(before, who);
    default: return set_ready(before, who, *rc::gen::element<std::optional<bool>>(std::nullopt, true, false));
  }
}

void check_party(const PartyState& state) {
  const auto& party = state.party;
  RC_ASSERT(members(state).size() == party.members.size());
  RC_ASSERT(static_cast<int>(party.members.size()) <= party.max_size);
  RC_ASSERT(find_member(party, party.leader_id) != nullptr);
  for (const auto& [player, presence] : state.presence) {
    RC_ASSERT(find_member(party, player) != nullptr);
    RC_ASSERT(find_member(party, player)->connected == (presence == Presence::connected));
  }
  // The leader is absent only while no member is connected.
  const bool any_connected = std::any_of(party.members.begin(), party.members.end(),
                                         [](const PartyMember& member) { return member.connected; });
  if (any_connected) RC_ASSERT(presence_of(state, party.leader_id) != Presence::absent);
  for (std::size_t i = 1; i < party.members.size(); ++i) {
    RC_ASSERT(party.members[i - 1].joined_at < party.members[i].joined_at);
  }
}

void check_step(const PartyState& before, const PartyState& after) {
  const bool membership_changed = members(before) != members(after);
  if (membership_changed) RC_ASSERT(ready_count(after) == 0);
  if (membership_changed || before.party.leader_id != after.party.leader_id || before.presence != after.presence ||
      ready_count(before) != ready_count(after)) {
    RC_ASSERT(after.party.version == before.party.version + 1);
  }
  RC_ASSERT(after.party.version - before.party.version <= 1);
  // After a leader leaves, the connected member who joined first leads; if no member is connected, the first member.
  if (find_member(after.party, before.party.leader_id) == nullptr) {
    const auto& remaining = after.party.members;
    auto successor =
        std::find_if(remaining.begin(), remaining.end(), [](const PartyMember& member) { return member.connected; });
    if (successor == remaining.end()) successor = remaining.begin();
    RC_ASSERT(after.party.leader_id == successor->player_id);
  }
}

RC_GTEST_PROP(PartyProperties, AnySequenceOfChangesKeepsThePartyConsistent, ()) {
  CreateParty options;
  options.max_size = *rc::gen::inRange(1, 11);
  options.is_public = *rc::gen::arbitrary<bool>();
  auto state = create_party(some_party(), {player(1), *rc::gen::arbitrary<bool>()}, options, at(0));
  const auto steps = *rc::gen::inRange(0, 60);
  for (int i = 0; i < steps; ++i) {
    const auto after = any_change(state, at(*rc::gen::inRange(-100, 10'000)));
    if (!after) continue;
    if (after->party.members.empty()) {
      RC_ASSERT(state.party.members.size() == 1U);
      return;
    }
    check_step(state, *after);
    check_party(*after);
    state = *after;
  }
}

RC_GTEST_PROP(PartyProperties, AQueuedPartyChangesOnlyByDepartures, ()) {
  const auto before = queued_party(*rc::gen::inRange(1, 6));
  const auto after = any_change(before, at(1));
  if (!after || after->party.version == before.party.version) return;
  if (after->party.members.size() == before.party.members.size()) {
    // Invitations and sockets do not affect the ticket.
    RC_ASSERT(after->invites != before.invites || after->presence != before.presence);
    RC_ASSERT(after->party.status == PartyStatus::queued);
  } else {
    RC_ASSERT(after->party.members.size() < before.party.members.size());
    RC_ASSERT(after->party.status == PartyStatus::idle);
  }
}

}  // namespace
}  // namespace mm::lobby
