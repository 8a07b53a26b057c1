#include "services/lobby/queueing.h"

#include "common/contracts/frames.h"
#include "services/lobby/parties.h"

namespace mm::lobby {
namespace {

/// Attempts to queue a party that changes meanwhile.
constexpr int kMaxAttempts = 4;

/// Lobby has authorized the player, so it calls matchmaker in its own name.
Caller lobby_caller(const Tenant& tenant) {
  Caller caller;
  caller.tenant = tenant;
  return caller;
}

/// Adds the player to the refusal already_matched: every conflict names a player.
Reply<CancelledTicket> name_player(Reply<CancelledTicket> reply, PlayerId player) {
  if (reply || reply.error().code != Code::already_matched) return reply;
  return refuse_for(Code::already_matched, {player}, reply.error().detail);
}

}  // namespace

Reply<Ticket> Queueing::enter(const EnterQueue& options, const bus::Context& context) {
  const auto player = require_player(context.caller);
  if (!player) return fail(player.error());
  const auto ticket_id = options.ticket_id ? *options.ticket_id : TicketId::fresh(parts_.clock.now());
  const EntryRequest entry{context.caller.tenant, *player, ticket_id};
  return options.party_id ? enter_party(options, entry, context) : enter_alone(options, entry, context);
}

Reply<Ticket> Queueing::enter_alone(const EnterQueue& options, const EntryRequest& entry, const bus::Context& context) {
  return retry_on_change([&]() -> Reply<Ticket> {
    auto found = parts_.store.find_of(entry.tenant, entry.player, context.deadline);
    if (!found) return fail(std::move(found).error());
    std::optional<PartyState> party;
    if (found->party) party = std::move(found->party->state);
    const auto modes = parts_.modes.current();
    const auto request = enter_queue_alone(party, entry, options, {*modes, parts_.ratings, parts_.clock.now()});
    if (!request) return fail(request.error());
    auto ticket = enqueue(*request, context);
    if (!ticket) return ticket;
    parts_.metrics.entered_alone.add();
    if (party) notify_changed(parts_.notifier, entry.tenant, queued(*party, ticket->ticket_id).party);
    return ticket;
  });
}

Reply<Ticket> Queueing::enter_party(const EnterQueue& options, const EntryRequest& entry, const bus::Context& context) {
  return retry_on_change([&]() -> Reply<Ticket> {
    auto found = parts_.store.find(entry.tenant, *options.party_id, entry.player, context.deadline);
    if (!found) return fail(std::move(found).error());
    if (!found->party) return no_such_party();
    return queue_party(found->party->state, options, entry, context);
  });
}

template <class Attempt>
Reply<Ticket> Queueing::retry_on_change(Attempt attempt) {
  for (int tries = 1;; ++tries) {
    Reply<Ticket> ticket = attempt();
    // in_party: the player's party is not the one that was read.
    const bool stale = !ticket && (ticket.error().code == Code::party_changed || ticket.error().code == Code::in_party);
    if (!stale || tries == kMaxAttempts) return ticket;
    parts_.metrics.conflicts.add();
  }
}

Reply<Ticket> Queueing::queue_party(const PartyState& party, const EnterQueue& options, const EntryRequest& entry,
                                    const bus::Context& context) {
  if (party.party.ticket_id == entry.ticket_id && party.party.leader_id == entry.player) {
    // A repeated request, for example because the answer was lost.
    GetTicket again;
    again.tenant = entry.tenant;
    again.ticket_id = entry.ticket_id;
    auto ticket = parts_.bus.request(again, lobby_caller(entry.tenant), context.deadline);
    if (ticket) ticket->players.reset();
    return ticket;
  }
  const auto modes = parts_.modes.current();
  const auto request = enter_queue(party, entry, options, {*modes, parts_.ratings, parts_.clock.now()});
  if (!request) return fail(request.error());
  auto ticket = enqueue(*request, context);
  if (!ticket) return ticket;
  parts_.metrics.entered_by_party.add();
  notify_changed(parts_.notifier, entry.tenant, queued(party, ticket->ticket_id).party);
  return ticket;
}

Reply<Ticket> Queueing::enqueue(const Enqueue& request, const bus::Context& context) {
  const auto answer = parts_.bus.request(request, lobby_caller(request.tenant), context.deadline);
  if (!answer) return fail(answer.error());
  auto ticket = ticket_of(request, *answer, *parts_.modes.current(), parts_.clock.now());
  std::vector<PlayerId> players;
  for (const auto& player : request.players) players.push_back(player.player_id);
  parts_.notifier.notify(request.tenant, players, frames::QueueEntered{ticket});
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
  if (!*owners) return refuse(Code::not_found, "there is no such ticket");
  std::optional<PartyState> party;
  if ((*owners)->party_id) {
    auto found = parts_.store.find(tenant, *(*owners)->party_id, *player, context.deadline);
    if (!found) return fail(std::move(found).error());
    if (found->party) party = std::move(found->party->state);
  }
  if (auto may = may_cancel(**owners, party, *player); !may) return fail(std::move(may).error());
  return name_player(parts_.bus.request(CancelTicket{tenant, ticket, CloseReason::cancelled, *player},
                                        lobby_caller(tenant), context.deadline),
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
                                      lobby_caller(tenant), context.deadline);
  if (!cancelled && cancelled.error().code == Code::not_found) {
    return refuse(Code::not_queued, "the party is not queued");
  }
  return name_player(std::move(cancelled), *player);
}

}  // namespace mm::lobby
