// Handlers of the current state of a player and of the upgrade to WebSocket.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway::streams {

void get_active(const ExchangePtr& x);
void open(const ExchangePtr& x);

}  // namespace mm::gateway::streams
