#include "services/lobby/party_changes.h"

#include "common/contracts/frames.h"

namespace mm::lobby {

Failure<Problem> no_such_party() { return refuse(Code::not_found, "There is no such party."); }

std::vector<PlayerId> members_of(const Party& party) {
  std::vector<PlayerId> players;
  for (const auto& member : party.members) players.push_back(member.player_id);
  return players;
}

void tell_changed(Teller& teller, const Tenant& tenant, const Party& party) {
  teller.tell(tenant, members_of(party), frames::PartyChanged{party});
  teller.announce(PartyUpdated{tenant, party});
}

void tell_ready(Teller& teller, const Tenant& tenant, const Party& party, PlayerId member) {
  const auto summary = ready_summary(party);
  teller.tell(tenant, members_of(party),
              frames::MemberReady{party.party_id, member, find_member(party, member)->ready, summary.ready_count,
                                  summary.total_count, summary.all_ready});
}

void tell_invite_ended(Teller& teller, const Tenant& tenant, const Party& party, PlayerId guest, InviteEnd reason) {
  teller.tell(tenant, {guest, party.leader_id}, frames::InviteEnded{party.party_id, guest, reason});
}

}  // namespace mm::lobby
