// Who may see a ticket, and what everybody sees of it: the same for every request that shows one.
#pragma once

#include "common/contracts/caller.h"
#include "services/matchmaker/queue_store.h"

namespace mm::matchmaker {

/// A player's tenant is the token's; daemons name it.
inline const Tenant& tenant_of(const Tenant& named, const Caller& caller) {
  return caller.role == Role::player ? caller.tenant : named;
}
inline bool is_trusted(const Caller& caller) { return caller.role == Role::service || caller.role == Role::admin; }

bool holds(const QueueTicket& ticket, PlayerId player);
/// Ended tickets are shown for ten minutes. (They are kept longer, for repeated requests.)
bool is_shown(const StatusResult& found);
/// Its players, and whoever is no player.
bool may_see(const StatusResult& found, const Caller& caller);

TicketStatus status_of(TicketState state);
/// When its players began to wait, as they are told.
BucketMs first_queued_at(const QueueTicket& ticket);
/// The wait as players are told it: it ends with a match that has a server, or with the ticket.
BucketMs waited_ms(const StatusResult& found);
/// The wait as its windows and its deadline count it: without the time spent in matches.
BucketMs counted_ms(const StatusResult& found);

}  // namespace mm::matchmaker
