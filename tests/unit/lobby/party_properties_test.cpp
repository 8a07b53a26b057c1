// Any sequence of changes keeps a party a party (I30): members unique and at most max_size, the leader one of them,
// version + 1 per change, and readiness gone whenever the membership changes.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

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
  switch (*rc::gen::inRange(0, 6)) {
    case 0: return join(before, {who, "x", *rc::gen::weightedElement<bool>({{1, true}, {5, false}})}, now);
    case 1: return leave(before, who);
    case 2: return kick(before, who, other);
    case 3: return promote(before, who, other);
    case 4: return invite(before, who, other, now);
    default: return set_ready(before, who, *rc::gen::element<std::optional<bool>>(std::nullopt, true, false));
  }
}

void check_party(const PartyState& state) {
  const auto& party = state.party;
  RC_ASSERT(members(state).size() == party.members.size());
  RC_ASSERT(static_cast<int>(party.members.size()) <= party.max_size);
  RC_ASSERT(find_member(party, party.leader_id) != nullptr);
  RC_ASSERT(state.invites.size() <= kInvitesMax);
  for (std::size_t i = 1; i < party.members.size(); ++i) {
    RC_ASSERT(party.members[i - 1].joined_at < party.members[i].joined_at);
  }
}

void check_step(const PartyState& before, const PartyState& after) {
  const bool membership_changed = members(before) != members(after);
  if (membership_changed) RC_ASSERT(ready_count(after) == 0);
  if (membership_changed || before.party.leader_id != after.party.leader_id ||
      ready_count(before) != ready_count(after)) {
    RC_ASSERT(after.party.version == before.party.version + 1);
  }
  RC_ASSERT(after.party.version - before.party.version <= 1);
  // Only promotion and the leader's own departure hand the lead on, the latter to the longest-standing.
  if (find_member(after.party, before.party.leader_id) == nullptr) {
    RC_ASSERT(after.party.leader_id == after.party.members.front().player_id);
  }
}

RC_GTEST_PROP(PartyProperties, AnySequenceOfChangesKeepsThePartyWhole, ()) {
  CreateParty wishes;
  wishes.max_size = *rc::gen::inRange(1, 11);
  wishes.is_public = *rc::gen::arbitrary<bool>();
  auto state = found_party(some_party(), player(1), wishes, at(0));
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
    RC_ASSERT(after->invites != before.invites);  // invitations do not touch the ticket
    RC_ASSERT(after->party.status == PartyStatus::queued);
  } else {
    RC_ASSERT(after->party.members.size() < before.party.members.size());
    RC_ASSERT(after->party.status == PartyStatus::idle);
  }
}

}  // namespace
}  // namespace mm::lobby
