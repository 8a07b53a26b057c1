// Handlers of the public figures, which need no login: modes and queues.
#pragma once

#include "services/gateway/api/route.h"

namespace mm::gateway::figures {

void modes(const ExchangePtr& x);
void queues(const ExchangePtr& x);

}  // namespace mm::gateway::figures
