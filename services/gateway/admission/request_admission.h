// Request admission: parses a request, finds its route, checks body, host, token, origin and permission, applies the
// rate limit, then runs the route's handler. Handlers themselves refuse only with 422, 409 and with the answers of
// daemons.
#pragma once

#include <string_view>

#include "common/contracts/problem.h"
#include "services/gateway/core/http.h"
#include "services/gateway/exchange/exchange.h"

namespace mm::gateway {

/// Serves one HTTP request. Called on the shard's loop. `respond` is called exactly once, on the same loop.
void serve(Shard& shard, HttpRequest request, Exchange::Respond respond);

/// Applies the rate limit to the exchange, then refuses it or runs its handler. The exchange must have its route,
/// fields and principal. Called directly for the commands of a WebSocket; `serve` calls it for HTTP requests.
void admit_and_run(const ExchangePtr& exchange);

/// Verifies an access token (signature, dates, tenant) and returns its claims. Does not check whether the login has
/// ended: Store::take and Store::read_login do that.
Reply<security::AccessClaims> read_access(const Gateway& gateway, std::string_view token);

}  // namespace mm::gateway
