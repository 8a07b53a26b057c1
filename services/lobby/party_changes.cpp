#include "services/lobby/party_changes.h"

#include "common/contracts/frames.h"

namespace mm::lobby {

std::vector<PlayerId> members_of(const Party& party) {
  std::vector<PlayerId> players;
  for (const auto& member : party.members) players.push_back(member.player_id);
  return players;
}

void notify_changed(PartyNotifier& notifier, const Tenant& tenant, const Party& party) {
  notifier.notify(tenant, members_of(party), frames::PartyChanged{party});
  notifier.publish(PartyUpdated{tenant, party});
}

void notify_ready(PartyNotifier& notifier, const Tenant& tenant, const Party& party, PlayerId member) {
  const auto summary = ready_summary(party);
  notifier.notify(tenant, members_of(party),
                  frames::MemberReady{party.party_id, member, find_member(party, member)->ready, summary.ready_count,
                                      summary.total_count, summary.all_ready});
}

void notify_invite_ended(PartyNotifier& notifier, const Tenant& tenant, const Party& party, PlayerId guest,
                         InviteEnd reason) {
  notifier.notify(tenant, {guest, party.leader_id}, frames::InviteEnded{party.party_id, guest, reason});
}

}  // namespace mm::lobby
