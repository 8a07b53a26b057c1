#include "services/lobby/queueing.h"

#include "common/contracts/frames.h"
#include "services/lobby/parties.h"

namespace mm::lobby {
namespace {

/// A party whose members come, go, connect and disconnect is decided about again this often.
constexpr int kAttempts = 4;

/// Lobby has checked who asks; matchmaker is asked by lobby itself.
Caller lobby_itself(const Tenant& tenant) {
  Caller caller;
  caller.tenant = tenant;
  return caller;
}

/// A conflict names the player it is about.
Reply<CancelledTicket> naming(Reply<CancelledTicket> reply, PlayerId player) {
  if (reply || reply.error().code != Code::already_matched) return reply;
  return refuse_for(Code::already_matched, {player}, reply.error().detail);
}

}  // namespace

Reply<Ticket> Queueing::enter(const EnterQueue& wishes, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto ticket_id = wishes.ticket_id ? *wishes.ticket_id : TicketId::fresh(parts_.clock.now());
  const Asking asking{context.caller.tenant, *player, ticket_id};
  return wishes.party_id ? enter_party(wishes, asking, context) : enter_alone(wishes, asking, context);
}

Reply<Ticket> Queueing::enter_alone(const EnterQueue& wishes, const Asking& asking, const bus::Context& context) {
  return until_settled([&]() -> Reply<Ticket> {
    auto found = parts_.store.find_of(asking.tenant, asking.player, context.deadline);
    if (!found) return fail(std::move(found).error());
    std::optional<PartyState> party;
    if (found->party) party = std::move(found->party->state);
    const auto modes = parts_.modes.now();
    const auto request = enter_queue_alone(party, asking, wishes, {*modes, parts_.ratings, parts_.clock.now()});
    if (!request) return fail(request.error());
    auto ticket = enqueue(*request, context);
    if (!ticket) return ticket;
    parts_.metrics.entered_alone.add();
    if (party) tell_changed(parts_.teller, asking.tenant, queued(*party, ticket->ticket_id).party);
    return ticket;
  });
}

Reply<Ticket> Queueing::enter_party(const EnterQueue& wishes, const Asking& asking, const bus::Context& context) {
  return until_settled([&]() -> Reply<Ticket> {
    auto found = parts_.store.find(asking.tenant, *wishes.party_id, asking.player, context.deadline);
    if (!found) return fail(std::move(found).error());
    if (!found->party) return no_such_party();
    return queue_party(found->party->state, wishes, asking, context);
  });
}

template <class Attempt>
Reply<Ticket> Queueing::until_settled(Attempt attempt) {
  for (int tries = 1;; ++tries) {
    Reply<Ticket> ticket = attempt();
    // A player who is in another party by now than a moment ago is looked up again, too.
    const bool moved = !ticket && (ticket.error().code == Code::party_changed || ticket.error().code == Code::in_party);
    if (!moved || tries == kAttempts) return ticket;
    parts_.metrics.conflicts.add();
  }
}

Reply<Ticket> Queueing::queue_party(const PartyState& party, const EnterQueue& wishes, const Asking& asking,
                                    const bus::Context& context) {
  if (party.party.ticket_id == asking.ticket_id && party.party.leader_id == asking.player) {
    // The same request again, because its answer was lost.
    GetTicket again;
    again.tenant = asking.tenant;
    again.ticket_id = asking.ticket_id;
    auto ticket = parts_.bus.request(again, lobby_itself(asking.tenant), context.deadline);
    if (ticket) ticket->players.reset();
    return ticket;
  }
  const auto modes = parts_.modes.now();
  const auto request = enter_queue(party, asking, wishes, {*modes, parts_.ratings, parts_.clock.now()});
  if (!request) return fail(request.error());
  auto ticket = enqueue(*request, context);
  if (!ticket) return ticket;
  parts_.metrics.entered_by_party.add();
  tell_changed(parts_.teller, asking.tenant, queued(party, ticket->ticket_id).party);
  return ticket;
}

Reply<Ticket> Queueing::enqueue(const Enqueue& request, const bus::Context& context) {
  const auto answer = parts_.bus.request(request, lobby_itself(request.tenant), context.deadline);
  if (!answer) return fail(answer.error());
  auto ticket = ticket_of(request, *answer, *parts_.modes.now(), parts_.clock.now());
  std::vector<PlayerId> players;
  for (const auto& player : request.players) players.push_back(player.player_id);
  parts_.teller.tell(request.tenant, players, frames::QueueEntered{ticket});
  return ticket;
}

Reply<CancelledTicket> Queueing::leave(const LeaveQueue& request, const bus::Context& context) {
  if (request.ticket_id) return leave_ticket(*request.ticket_id, context);
  if (request.party_id) return leave_party(*request.party_id, context);
  return refuse_field("/party_id", "is missing");
}

Reply<CancelledTicket> Queueing::leave_ticket(TicketId ticket, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  auto owners = parts_.store.owners_of(tenant, ticket, context.deadline);
  if (!owners) return fail(std::move(owners).error());
  if (!*owners) return refuse(Code::not_found, "There is no such ticket.");
  std::optional<PartyState> party;
  if ((*owners)->party_id) {
    auto found = parts_.store.find(tenant, *(*owners)->party_id, *player, context.deadline);
    if (!found) return fail(std::move(found).error());
    if (found->party) party = std::move(found->party->state);
  }
  if (auto may = may_cancel(**owners, party, *player); !may) return fail(std::move(may).error());
  return naming(parts_.bus.request(CancelTicket{tenant, ticket, CloseReason::cancelled, *player},
                                   lobby_itself(tenant), context.deadline),
                *player);
}

Reply<CancelledTicket> Queueing::leave_party(PartyId party, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto& tenant = context.caller.tenant;
  auto found = parts_.store.find(tenant, party, *player, context.deadline);
  if (!found) return fail(std::move(found).error());
  if (!found->party) return no_such_party();
  const auto ticket = ticket_to_cancel(found->party->state, *player);
  if (!ticket) return fail(ticket.error());
  auto cancelled = parts_.bus.request(CancelTicket{tenant, *ticket, CloseReason::cancelled, *player},
                                      lobby_itself(tenant), context.deadline);
  if (!cancelled && cancelled.error().code == Code::not_found) {
    return refuse(Code::not_queued, "The party is not queued.");
  }
  return naming(std::move(cancelled), *player);
}

}  // namespace mm::lobby
