// Who may see a ticket, and what is shown of it; shared by all requests that show a ticket.
#pragma once

#include "common/contracts/caller.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

/// A player's tenant comes from the access token; services name the tenant in the request.
inline const Tenant& tenant_of(const Tenant& named, const Caller& caller) {
  return caller.role == Role::player ? caller.tenant : named;
}
inline bool is_trusted(const Caller& caller) { return caller.role == Role::service || caller.role == Role::admin; }

bool holds(const TicketRecord& ticket, PlayerId player);
/// Whether the ticket is queued, live, or ended at most ten minutes ago. Tickets are kept longer for repeated requests.
bool is_shown(const StatusResult& found);
/// Whether the caller is one of the ticket's players, or not a player at all.
bool may_see(const StatusResult& found, const Caller& caller);

TicketStatus status_of(TicketState state);
/// When the wait began, as shown to players.
BucketMs first_queued_at(const TicketRecord& ticket);
/// The wait as shown to players: it ends when the match gets a server, or with the ticket.
BucketMs waited_ms(const StatusResult& found);
/// The wait as counted for rating windows and deadline: without the time spent in matches.
BucketMs counted_ms(const StatusResult& found);

}  // namespace mm::matchmaker
