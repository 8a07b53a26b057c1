// Decides from the request and the mode table alone whether a ticket or match is allowed, and in which buckets.
#pragma once

#include "common/contracts/matchmaker.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

/// The request as a ticket, without estimates; a refusal names the wrong field. `now` dates a generated ticket id.
Reply<NewTicket> admit(const Enqueue& request, const Tenant& tenant, const ModeTable& modes, TimePoint now);

/// A match with given teams, for players who are not queued. Needs as many teams as the mode has, all of one size.
Reply<MatchFound> admit_match(const MakeMatch& request, const Tenant& tenant, const ModeTable& modes, TimePoint now);

}  // namespace mm::matchmaker
