// What anybody may ask without a login, as often as the limits allow: the modes and the queues.
#pragma once

#include "services/gateway/routes.h"

namespace mm::gateway::figures {

void modes(const ExchangePtr& x);
void queues(const ExchangePtr& x);

}  // namespace mm::gateway::figures
