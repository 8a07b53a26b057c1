#include "services/lobby/parties.h"

#include "common/contracts/frames.h"

namespace mm::lobby {
namespace {

/// Timeout for reading the gateways' record of sockets. Without an answer the player counts as not connected.
constexpr Milliseconds kCacheTimeout{200};

}  // namespace

Reply<PlayerId> require_player(const Caller& caller) {
  if (caller.player && (caller.role == Role::player || caller.role == Role::service)) return *caller.player;
  return refuse(Code::forbidden, "only a player may do this");
}

template <class Decide>
Reply<Applied> Parties::depart(PartyId party, const Leaver& leaver, const bus::Context& context, Decide decide) {
  const auto& tenant = context.caller.tenant;
  return parts_.changes.apply(
      {tenant, party, leaver.player, context.deadline},
      [&](const PartyLookup& found) { return decide(found.party->state); },
      [&](Applied& applied) -> Reply<Commit> {
        const Departing departing{leaver.player, reason_to_close(applied.before.state, leaver.player, leaver.kicked)};
        auto departure = parts_.store.depart(tenant, applied.before, applied.after, departing, context.deadline);
        if (!departure) return fail(std::move(departure).error());
        // The ticket may have been matched after it was read; the script returns its present state.
        applied.after.party.ticket_id = applied.before.ticket_id;
        applied.after = with_ticket(std::move(applied.after), departure->ticket);
        return departure->commit;
      });
}

bool Parties::is_connected(const bus::Context& context, PlayerId player) {
  return parts_.presence.is_connected(context.caller.tenant, player, context.deadline.within(kCacheTimeout))
      .value_or(false);
}

Reply<Party> Parties::create(const CreateParty& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto now = parts_.clock.now();
  const Creator creator{*player, is_connected(context, *player)};
  const auto party = create_party(PartyId::fresh(now), creator, request, now);
  if (auto commit = parts_.store.create(context.caller.tenant, party, context.deadline); !commit) {
    return fail(std::move(commit).error());
  }
  parts_.metrics.created.add();
  parts_.notifier.notify(context.caller.tenant, {*player}, frames::PartyChanged{party.party});
  parts_.notifier.publish(PartyCreated{context.caller.tenant, party.party});
  return party.party;
}

Reply<Party> Parties::get(const GetParty& request, const bus::Context& context) {
  const auto& caller = context.caller;
  const bool sees_all = caller.role == Role::service || caller.role == Role::admin;
  if (!sees_all && caller.role != Role::player) return refuse(Code::forbidden, "only a player may do this");
  if (!request.party_id && !request.player_id) return refuse_field("/party_id", "is missing");

  if (!request.party_id && !sees_all && caller.player != request.player_id) {
    return refuse(Code::no_party, "the player is in no party");
  }
  auto found = request.party_id ? parts_.store.find(caller.tenant, *request.party_id, std::nullopt, context.deadline)
                                : parts_.store.find_of(caller.tenant, *request.player_id, context.deadline);
  if (!found) return fail(std::move(found).error());
  if (!found->party) return request.party_id ? no_such_party() : refuse(Code::no_party, "the player is in no party");
  const Party& party = found->party->state.party;
  if (!sees_all) {
    if (auto seen = may_see(party, *caller.player); !seen) return fail(std::move(seen).error());
  }
  return party;
}

Reply<Party> Parties::join(const JoinParty& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  const bool connected = is_connected(context, *player);
  auto applied = parts_.changes.apply(
      {tenant, request.party_id, *player, context.deadline},
      [&](const PartyLookup& found) {
        const Joiner joiner{*player, request.username, found.caller_party.has_value(), connected};
        return lobby::join(found.party->state, joiner, parts_.clock.now());
      },
      [&](const Applied& change) {
        return parts_.store.change(tenant, change.before, change.after, *player, context.deadline);
      });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  parts_.metrics.joined.add();
  parts_.notifier.notify(tenant, members_of(party), frames::MemberJoined{party.party_id, *find_member(party, *player)});
  if (applied->before.state.invites.contains(*player)) {
    notify_invite_ended(parts_.notifier, tenant, party, *player, InviteEnd::accepted);
  }
  notify_changed(parts_.notifier, tenant, party);
  return party;
}

Reply<Empty> Parties::leave(const LeaveParty& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const Leaver leaver{*player};
  auto applied = depart(request.party_id, leaver, context,
                        [&](const PartyState& before) { return lobby::leave(before, *player); });
  if (!applied) return fail(std::move(applied).error());
  parts_.metrics.left.add();
  notify_departed(context.caller.tenant, *applied, leaver);
  return Empty{};
}

Reply<Party> Parties::kick(const KickPlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const Leaver leaver{request.player_id, true};
  auto applied = depart(request.party_id, leaver, context, [&](const PartyState& before) {
    return lobby::kick(before, *player, request.player_id, parts_.clock.now());
  });
  if (!applied) return fail(std::move(applied).error());
  parts_.metrics.kicked.add();
  notify_departed(context.caller.tenant, *applied, leaver);
  return applied->after.party;
}

/// The leaver gets the frame too, for the other devices of the player.
void Parties::notify_departed(const Tenant& tenant, const Applied& applied, const Leaver& leaver) {
  const Party& party = applied.after.party;
  parts_.notifier.notify(tenant, members_of(applied.before.state.party),
                         frames::MemberLeft{party.party_id, leaver.player, leaver.kicked});
  if (!party.members.empty()) return notify_changed(parts_.notifier, tenant, party);
  parts_.metrics.disbanded.add();
  parts_.notifier.notify(tenant, {leaver.player}, frames::PartyGone{party.party_id});
  for (const auto& [guest, invite] : applied.before.state.invites) {
    notify_invite_ended(parts_.notifier, tenant, applied.before.state.party, guest, InviteEnd::party_disbanded);
  }
  parts_.notifier.publish(PartyDisbanded{tenant, party.party_id});
}

Reply<ReadyState> Parties::ready(const SetReady& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  auto applied =
      parts_.changes.change({tenant, request.party_id, *player, context.deadline},
                            [&](const StoredParty& before) { return set_ready(before.state, *player, request.ready); });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  if (applied->changed()) {
    parts_.metrics.readied.add();
    notify_ready(parts_.notifier, tenant, party, *player);
    parts_.notifier.publish(PartyUpdated{tenant, party});
  }
  return ready_summary(party);
}

Reply<Party> Parties::promote(const PromotePlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  auto applied = parts_.changes.change(
      {context.caller.tenant, request.party_id, *player, context.deadline},
      [&](const StoredParty& before) { return lobby::promote(before.state, *player, request.player_id); });
  if (!applied) return fail(std::move(applied).error());
  if (applied->changed()) {
    parts_.metrics.promoted.add();
    notify_changed(parts_.notifier, context.caller.tenant, applied->after.party);
  }
  return applied->after.party;
}

Reply<Empty> Parties::chat(const SendChat& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  auto found = parts_.store.find(tenant, request.party_id, *player, context.deadline);
  if (!found) return fail(std::move(found).error());
  if (!found->party) return no_such_party();
  const Party& party = found->party->state.party;
  if (auto member = require_member(party, *player); !member) return fail(std::move(member).error());
  parts_.notifier.notify(
      tenant, members_of(party),
      frames::ChatMessage{party.party_id, *player, find_member(party, *player)->username, request.text});
  return Empty{};
}

}  // namespace mm::lobby
