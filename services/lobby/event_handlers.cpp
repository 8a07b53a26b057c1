#include "services/lobby/event_handlers.h"

#include <algorithm>

namespace mm::lobby {
namespace {

constexpr Milliseconds kEventTimeout{2'000};

Deadline event_deadline() { return Deadline::after(kEventTimeout); }

template <class Teams>
std::vector<PlayerId> players_of(const Teams& teams) {
  std::vector<PlayerId> players;
  for (const auto& team : teams) {
    for (const auto& player : team) {
      if constexpr (requires { player.player_id; }) {
        players.push_back(player.player_id);
      } else {
        players.push_back(player);
      }
    }
  }
  return players;
}

bus::Ack ack_of(const Reply<Done>& reply) { return reply ? bus::Ack::done : bus::Ack::retry; }

}  // namespace

EventHandlers::EventHandlers(const Parts& parts)
    : parts_(parts),
      tickets_(parts.bus, streams::kTicket, {.name = "lobby"}, parts.registry),
      matches_(parts.bus, streams::kMatch, {.name = "lobby"}, parts.registry) {
  const auto handle = [this]<class E>(bus::Consumer& consumer, std::type_identity<E>) {
    consumer.on<E>([this](const E& event, const bus::EventInfo& info) { return on(event, info); });
  };
  handle(tickets_, std::type_identity<TicketClosed>{});
  handle(tickets_, std::type_identity<TicketRequeued>{});
  handle(matches_, std::type_identity<MatchFound>{});
  handle(matches_, std::type_identity<MatchCompleted>{});
  handle(matches_, std::type_identity<MatchCancelled>{});
}

void EventHandlers::start() {
  tickets_.start();
  matches_.start();
}

bus::Ack EventHandlers::on(const TicketClosed& event, const bus::EventInfo& info) {
  if (event.party_id) {
    if (!settle_party(event.tenant, *event.party_id, std::nullopt)) return bus::Ack::retry;
  }
  if (is_recent(info)) {
    parts_.notifier.notify(event.tenant, event.players,
                           frames::QueueLeft{event.ticket_id, event.reason, event.player_id});
  }
  return bus::Ack::done;
}

bus::Ack EventHandlers::on(const TicketRequeued& event, const bus::EventInfo& info) {
  if (!is_recent(info)) return bus::Ack::done;
  Caller lobby;
  lobby.tenant = event.tenant;
  GetTicket request;
  request.tenant = event.tenant;
  request.ticket_id = event.ticket_id;
  auto ticket = parts_.bus.request(request, lobby, event_deadline());
  if (!ticket) return ticket.error().status() >= 500 ? bus::Ack::retry : bus::Ack::done;
  if (ticket->status != TicketStatus::searching) return bus::Ack::done;  // a later event follows
  ticket->players.reset();
  if (event.party_id) {
    auto found = parts_.store.find(event.tenant, *event.party_id, std::nullopt, event_deadline());
    if (!found) return bus::Ack::retry;
    if (found->party && found->party->state.party.ticket_id == event.ticket_id) {
      notify_changed(parts_.notifier, event.tenant, found->party->state.party);
    }
  }
  parts_.notifier.notify(event.tenant, event.players, frames::QueueEntered{*ticket});
  return bus::Ack::done;
}

bus::Ack EventHandlers::on(const MatchFound& event, const bus::EventInfo& info) {
  if (!is_recent(info)) return bus::Ack::done;
  std::vector<std::vector<FoundPlayer>> teams;
  for (const auto& team : event.teams) teams.push_back(team.players);
  auto parties = parts_.store.parties_of(event.tenant, players_of(teams), event_deadline());
  if (!parties) return bus::Ack::retry;
  for (const auto& party : *parties) {
    auto found = parts_.store.find(event.tenant, party, std::nullopt, event_deadline());
    if (!found) return bus::Ack::retry;
    if (found->party && found->party->state.party.match_id == event.match_id) {
      notify_changed(parts_.notifier, event.tenant, found->party->state.party);
    }
  }
  return bus::Ack::done;
}

bus::Ack EventHandlers::on(const MatchCompleted& event, const bus::EventInfo&) {
  return settle_parties(event.tenant, players_of(event.teams), Ended{event.match_id, {}});
}

bus::Ack EventHandlers::on(const MatchCancelled& event, const bus::EventInfo&) {
  return settle_parties(event.tenant, players_of(event.teams), Ended{event.match_id, event.requeue});
}

bus::Ack EventHandlers::settle_parties(const Tenant& tenant, const std::vector<PlayerId>& players,
                                       const std::optional<Ended>& ended) {
  auto parties = parts_.store.parties_of(tenant, players, event_deadline());
  if (!parties) return bus::Ack::retry;
  for (const auto& party : *parties) {
    const auto settled = settle_party(tenant, party, ended);
    if (!settled) return ack_of(settled);
  }
  return bus::Ack::done;
}

Reply<Done> EventHandlers::settle_party(const Tenant& tenant, PartyId party, const std::optional<Ended>& ended) {
  auto settled = parts_.changes.change(
      {tenant, party, std::nullopt, event_deadline()}, [&](const StoredParty& stored) -> Reply<PartyState> {
        std::optional<MatchId> over;
        if (ended && stored.ticket_id) {
          const bool listed =
              std::find(ended->requeue.begin(), ended->requeue.end(), *stored.ticket_id) != ended->requeue.end();
          if (!listed || stored.ticket.no_requeue) over = ended->match_id;
        }
        return settle(stored.state, stored.ticket_id, stored.ticket, over).value_or(stored.state);
      });
  if (!settled) {
    if (settled.error().code == Code::not_found) return Done{};
    return fail(std::move(settled).error());
  }
  if (!settled->changed()) return Done{};
  parts_.metrics.settled.add();
  notify_changed(parts_.notifier, tenant, settled->after.party);
  return Done{};
}

bool EventHandlers::is_recent(const bus::EventInfo& info) const {
  return parts_.clock.now() - info.stored_at <= kMaxFrameAge;
}

}  // namespace mm::lobby
