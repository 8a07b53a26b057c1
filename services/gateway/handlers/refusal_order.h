// Keeps the order of refusals: 403 and 404 come before 422. A request with invalid fields is not sent to the daemon
// that checks the caller's role in a party, so the gateway asks lobby for the party before it answers with 422.
#pragma once

#include "services/gateway/exchange/exchange.h"

namespace mm::gateway {

/// Refuses with `problem`. If `problem` is a 422 and the route requires a role in a party that the caller does not
/// have, refuses with 403 or 404 instead. If lobby does not answer, refuses with its error.
void refuse_in_order(const ExchangePtr& x, Problem problem);

}  // namespace mm::gateway
