// 403 and 404 come before 422. A request with wrong fields never reaches the daemon that knows who may, so where that
// depends on a party, lobby is asked before the fields are named.
#pragma once

#include "services/gateway/exchange.h"

namespace mm::gateway {

/// Refuses with `problem`, or with what comes before it: the party is not the caller's to see, or not theirs to act in.
void refuse_in_order(const ExchangePtr& x, Problem problem);

}  // namespace mm::gateway
