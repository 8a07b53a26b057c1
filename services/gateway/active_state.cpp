#include "services/gateway/active_state.h"

#include <memory>
#include <utility>

namespace mm::gateway {
namespace {

/// The answers, in any order.
struct Gathering {
  ActiveState state;
  std::optional<OpenInvitations> invitations;
  std::optional<Problem> failure;
  int missing = 4;
  std::function<void(Reply<ActiveState>)> then;

  template <class T>
  void take(Reply<T> reply, std::optional<T>& part) {
    if (reply) {
      part = *std::move(reply);
    } else if (reply.error().status() != 404) {
      failure = std::move(reply).error();
    }
    if (--missing > 0) return;
    if (failure) return then(fail(*std::move(failure)));
    // What has ended is not what the player is in.
    if (state.ticket && state.ticket->status != TicketStatus::searching && state.ticket->status != TicketStatus::matched) {
      state.ticket.reset();
    }
    if (state.match && is_over(state.match->status)) state.match.reset();
    if (state.ticket) state.ticket->players.reset();
    if (state.match) state.match->requeue.reset();
    if (invitations && !invitations->invites.empty()) state.invites = std::move(invitations->invites);
    then(std::move(state));
  }
};

}  // namespace

void read_active_state(Shard& shard, const Asker& asker, std::function<void(Reply<ActiveState>)> then) {
  // Owners: the three callbacks.
  auto gathering = std::make_shared<Gathering>();
  gathering->then = std::move(then);
  GetParty party;
  party.player_id = asker.caller.player;
  ask(shard, party, asker, [gathering](Reply<Party> reply) { gathering->take(std::move(reply), gathering->state.party); });
  GetTicket ticket;
  ticket.tenant = asker.caller.tenant;
  ticket.player_id = asker.caller.player;
  ask(shard, ticket, asker, [gathering](Reply<Ticket> reply) { gathering->take(std::move(reply), gathering->state.ticket); });
  ask(shard, GetInvitations{}, asker,
      [gathering](Reply<OpenInvitations> reply) { gathering->take(std::move(reply), gathering->invitations); });
  GetMatch match;
  match.player_id = asker.caller.player;
  ask(shard, match, asker, [gathering](Reply<MatchView> reply) { gathering->take(std::move(reply), gathering->state.match); });
}

}  // namespace mm::gateway
