#include "services/lobby/invitations.h"

#include "common/contracts/frames.h"
#include "common/contracts/profile.h"
#include "services/lobby/parties.h"

namespace mm::lobby {

Reply<Party> Invitations::invite(const InvitePlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  bool exists = false;
  auto applied = parts_.changes.change(
      {tenant, request.party_id, *player, context.deadline}, [&](const StoredParty& before) -> Reply<PartyState> {
        auto after = lobby::invite(before.state, *player, request.player_id, parts_.clock.now());
        // A caller who may not invite (403, 404) must not learn which players exist. A wrong value (422) precedes 409.
        const bool may = after || after.error().status() == 409;
        if (!may || exists) return after;
        if (auto known = require_player_exists(tenant, request.player_id, context.deadline); !known) {
          return fail(std::move(known).error());
        }
        exists = true;
        return after;
      });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  const auto& invite = applied->after.invites.at(request.player_id);
  parts_.metrics.invited.add();
  parts_.notifier.notify(tenant, {request.player_id},
                         frames::Invited{party.party_id, invite.from, invite.from_username, invite.expires_at});
  parts_.notifier.publish(PartyUpdated{tenant, party});
  return party;
}

Reply<Done> Invitations::require_player_exists(const Tenant& tenant, PlayerId player, Deadline deadline) {
  Caller lobby;
  lobby.tenant = tenant;
  const auto profile = parts_.bus.request(GetProfile{player}, lobby, deadline);
  if (profile) return Done{};
  if (profile.error().status() == 404) return refuse_field("/player_id", "is not a player");
  return refuse(Code::unavailable, "players cannot be looked up at the moment");
}

Reply<OpenInvitations> Invitations::list(const GetInvitations&, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  auto invites = parts_.store.invitations_of(context.caller.tenant, *player, parts_.clock.now(), context.deadline);
  if (!invites) return fail(std::move(invites).error());
  return OpenInvitations{std::move(*invites)};
}

Reply<Empty> Invitations::end(const RemoveInvitation& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto guest = request.player_id.value_or(*player);
  const auto& tenant = context.caller.tenant;
  auto applied = parts_.changes.change(
      {tenant, request.party_id, *player, context.deadline},
      [&](const StoredParty& before) { return end_invite(before.state, *player, guest, parts_.clock.now()); });
  if (!applied) return fail(std::move(applied).error());
  const bool declined = guest == *player;
  (declined ? parts_.metrics.declined : parts_.metrics.withdrawn).add();
  notify_invite_ended(parts_.notifier, tenant, applied->after.party, guest,
                      declined ? InviteEnd::declined : InviteEnd::withdrawn);
  return Empty{};
}

Reply<Done> Invitations::expire(const Tenant& tenant, PartyId party, PlayerId guest, Deadline deadline) {
  auto applied = parts_.changes.change({tenant, party, std::nullopt, deadline},
                                       [&](const StoredParty& before) -> Reply<PartyState> {
                                         return expire_invite(before.state, guest, parts_.clock.now());
                                       });
  if (!applied) {
    if (applied.error().status() < 500) return Done{};  // the party was disbanded, and its invitations ended
    return fail(std::move(applied).error());
  }
  if (!applied->changed()) return Done{};
  parts_.metrics.expired.add();
  notify_invite_ended(parts_.notifier, tenant, applied->after.party, guest, InviteEnd::expired);
  return Done{};
}

}  // namespace mm::lobby
