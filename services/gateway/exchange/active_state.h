// Collects the current state of a player: party and invitations from lobby, ticket from matchmaker, current and recent
// matches from session (requested in parallel), then the rating changes of the recent matches from profile.
#pragma once

#include <functional>

#include "services/gateway/api/messages.h"
#include "services/gateway/exchange/requests.h"

namespace mm::gateway {

/// Reads the state of the player in `context.caller`. A part that does not exist (404) is absent in the result. If any
/// daemon does not answer, the whole read fails. `then` is called once, on the shard's loop.
void read_active_state(Shard& shard, const RequestContext& context, std::function<void(Reply<ActiveState>)> then);

}  // namespace mm::gateway
