#include "services/lobby/parties.h"

#include "common/contracts/frames.h"

namespace mm::lobby {
namespace {

std::vector<PlayerId> members_of(const Party& party) {
  std::vector<PlayerId> players;
  for (const auto& member : party.members) players.push_back(member.player_id);
  return players;
}

Failure<Problem> no_such_party() { return refuse(Code::not_found, "There is no such party."); }

Failure<Problem> in_a_party_already() { return refuse(Code::already_in_party, "Leave the present party first."); }

}  // namespace

Reply<PlayerId> require_player(const Caller& caller) {
  if (caller.player && (caller.role == Role::player || caller.role == Role::service)) return *caller.player;
  return refuse(Code::forbidden, "Only a player may do this.");
}

void tell_changed(Teller& teller, const Tenant& tenant, const Party& party) {
  teller.tell(tenant, members_of(party), frames::PartyChanged{party});
  teller.announce(PartyUpdated{tenant, party});
}

template <class Decide, class Write>
Reply<Parties::Applied> Parties::apply(PartyId party, PlayerId asks, const bus::Context& context, Decide decide,
                                       Write write) {
  for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
    auto found = store_.find(context.caller.tenant, party, asks, context.deadline);
    if (!found) return fail(std::move(found).error());
    if (!found->party) return no_such_party();
    Reply<PartyState> after = decide(*found);
    if (!after) return fail(std::move(after).error());
    Applied applied{std::move(*found->party), std::move(*after)};
    if (!applied.changed()) return applied;
    const Reply<Commit> commit = write(applied);
    if (!commit) return fail(commit.error());
    if (*commit == Commit::done) return applied;
    if (*commit == Commit::already_in_party) return in_a_party_already();
    metrics_.conflicts.add();
  }
  return refuse(Code::party_changed, "The party changes too often now.");
}

template <class Decide>
Reply<Parties::Applied> Parties::change(PartyId party, PlayerId asks, const bus::Context& context, Decide decide) {
  return apply(
      party, asks, context, [&](const PartyLookup& found) { return decide(found.party->state); },
      [&](const Applied& applied) {
        return store_.change(context.caller.tenant, applied.before, applied.after, std::nullopt, context.deadline);
      });
}

template <class Decide>
Reply<Parties::Applied> Parties::depart(PartyId party, PlayerId asks, const Leaver& leaver,
                                        const bus::Context& context, Decide decide) {
  return apply(
      party, asks, context, [&](const PartyLookup& found) { return decide(found.party->state); },
      [&](Applied& applied) -> Reply<Commit> {
        const Departing departing{leaver.player,
                                  reason_to_close(applied.before.state, leaver.player, leaver.kicked)};
        auto departure =
            store_.depart(context.caller.tenant, applied.before, applied.after, departing, context.deadline);
        if (!departure) return fail(std::move(departure).error());
        // The ticket may have been matched since it was read; the script saw it as it is.
        applied.after.party.ticket_id = applied.before.ticket_id;
        applied.after = with_ticket(std::move(applied.after), departure->ticket);
        return departure->commit;
      });
}

Reply<Party> Parties::create(const CreateParty& request, const bus::Context& context) {
  const auto founder = require_player(context.caller);
  if (!founder) return fail(founder.error());
  const auto now = clock_.now();
  const auto party = found_party(PartyId::fresh(now), *founder, request, now);
  const auto commit = store_.create(context.caller.tenant, party, context.deadline);
  if (!commit) return fail(commit.error());
  if (*commit != Commit::done) return in_a_party_already();
  metrics_.created.add();
  teller_.tell(context.caller.tenant, {*founder}, frames::PartyChanged{party.party});
  teller_.announce(PartyCreated{context.caller.tenant, party.party});
  return party.party;
}

Reply<Party> Parties::get(const GetParty& request, const bus::Context& context) {
  const auto& caller = context.caller;
  const bool sees_all = caller.role == Role::service || caller.role == Role::admin;
  if (!sees_all && caller.role != Role::player) return refuse(Code::forbidden, "Only a player may do this.");
  if (!request.party_id && !request.player_id) return refuse_field("/party_id", "is missing");

  if (!request.party_id && !sees_all && caller.player != request.player_id) {
    return refuse(Code::no_party, "The player is in no party.");
  }
  auto found = request.party_id ? store_.find(caller.tenant, *request.party_id, std::nullopt, context.deadline)
                                : store_.find_of(caller.tenant, *request.player_id, context.deadline);
  if (!found) return fail(std::move(found).error());
  if (!found->party) return request.party_id ? no_such_party() : refuse(Code::no_party, "The player is in no party.");
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
  auto applied = apply(
      request.party_id, *player, context,
      [&](const PartyLookup& found) {
        const Joiner joiner{*player, request.username, found.asker_is_in.has_value()};
        return lobby::join(found.party->state, joiner, clock_.now());
      },
      [&](const Applied& change) {
        return store_.change(tenant, change.before, change.after, *player, context.deadline);
      });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  metrics_.joined.add();
  teller_.tell(tenant, members_of(party), frames::MemberJoined{party.party_id, *find_member(party, *player)});
  tell_changed(teller_, tenant, party);
  return party;
}

Reply<Nothing> Parties::leave(const LeaveParty& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const Leaver leaver{*player};
  auto applied = depart(request.party_id, *player, leaver, context,
                        [&](const PartyState& before) { return lobby::leave(before, *player); });
  if (!applied) return fail(std::move(applied).error());
  metrics_.left.add();
  tell_departed(context.caller.tenant, *applied, leaver);
  return Nothing{};
}

Reply<Party> Parties::kick(const KickPlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const Leaver leaver{request.player_id, true};
  auto applied = depart(request.party_id, *player, leaver, context, [&](const PartyState& before) {
    return lobby::kick(before, *player, request.player_id);
  });
  if (!applied) return fail(std::move(applied).error());
  metrics_.kicked.add();
  tell_departed(context.caller.tenant, *applied, leaver);
  return applied->after.party;
}

/// The leaver hears it too: their other devices, and the gateway, which closes their sockets of this party.
void Parties::tell_departed(const Tenant& tenant, const Applied& applied, const Leaver& leaver) {
  const Party& party = applied.after.party;
  teller_.tell(tenant, members_of(applied.before.state.party),
               frames::MemberLeft{party.party_id, leaver.player, leaver.kicked});
  if (!party.members.empty()) return tell_changed(teller_, tenant, party);
  metrics_.disbanded.add();
  teller_.tell(tenant, {leaver.player}, frames::PartyGone{party.party_id});
  teller_.announce(PartyDisbanded{tenant, party.party_id});
}

Reply<ReadyState> Parties::ready(const SetReady& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  auto applied = change(request.party_id, *player, context,
                        [&](const PartyState& before) { return set_ready(before, *player, request.ready); });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  const auto summary = ready_summary(party);
  if (!applied->changed()) return summary;
  metrics_.readied.add();
  const auto& tenant = context.caller.tenant;
  teller_.tell(tenant, members_of(party),
               frames::MemberReady{party.party_id, *player, find_member(party, *player)->ready, summary.ready_count,
                                   summary.total_count, summary.all_ready});
  teller_.announce(PartyUpdated{tenant, party});
  return summary;
}

Reply<Party> Parties::invite(const InvitePlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  auto applied = change(request.party_id, *player, context, [&](const PartyState& before) {
    return lobby::invite(before, *player, request.player_id, clock_.now());
  });
  if (!applied) return fail(std::move(applied).error());
  const Party& party = applied->after.party;
  metrics_.invited.add();
  teller_.tell(context.caller.tenant, {request.player_id},
               frames::Invited{party.party_id, *player, find_member(party, *player)->username});
  teller_.announce(PartyUpdated{context.caller.tenant, party});
  return party;
}

Reply<Party> Parties::promote(const PromotePlayer& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  auto applied = change(request.party_id, *player, context, [&](const PartyState& before) {
    return lobby::promote(before, *player, request.player_id);
  });
  if (!applied) return fail(std::move(applied).error());
  if (applied->changed()) {
    metrics_.promoted.add();
    tell_changed(teller_, context.caller.tenant, applied->after.party);
  }
  return applied->after.party;
}

Reply<Nothing> Parties::chat(const SendChat& request, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  auto found = store_.find(tenant, request.party_id, *player, context.deadline);
  if (!found) return fail(std::move(found).error());
  if (!found->party) return no_such_party();
  const Party& party = found->party->state.party;
  if (auto member = require_member(party, *player); !member) return fail(std::move(member).error());
  teller_.tell(tenant, members_of(party),
               frames::ChatMessage{party.party_id, *player, find_member(party, *player)->username, request.text});
  return Nothing{};
}

}  // namespace mm::lobby
