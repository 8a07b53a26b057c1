// The routes that are no forward: the present state of a player, and the doors to the WebSocket.
#pragma once

#include "services/gateway/routes.h"

namespace mm::gateway::streams {

void get_active(const ExchangePtr& x);
void open(const ExchangePtr& x);

}  // namespace mm::gateway::streams
