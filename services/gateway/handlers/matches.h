// Handler of a match of the player.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway::matches {

/// Answers with the match as session knows it. A match in which the queue has put the player, and of which session has
/// not heard yet, is refused with 503 `not_ready_yet`: session learns of it within seconds.
void get(const ExchangePtr& x);

}  // namespace mm::gateway::matches
