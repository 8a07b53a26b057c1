// May this be queued, and where? Decides from the request and the mode table alone; names the field that is wrong.
#pragma once

#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/queue_store.h"

namespace mm::matchmaker {

/// The request as a ticket for the queue, without the answer's estimates. `now` dates an identifier that is not given.
Reply<NewTicket> admit(const Enqueue& request, const Tenant& tenant, const ModeTable& modes, TimePoint now);

/// A match of given teams, for players who are not queued. Needs as many teams as the mode has, all of one size.
Reply<MatchFound> admit_match(const MakeMatch& request, const Tenant& tenant, const ModeTable& modes, TimePoint now);

/// Mean of the players' ratings.
double rating_of_party(const std::vector<TicketPlayer>& players);

}  // namespace mm::matchmaker
