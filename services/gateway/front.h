// Request admission: parses a request, finds its route, checks body, host, token, origin and permission, applies the
// rate limit, then runs the route's handler. Handlers themselves refuse only with 422, 409 and with the answers of
// daemons.
#pragma once

#include <string_view>

#include "common/contracts/problem.h"
#include "services/gateway/core/http.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/exchange.h"

namespace mm::gateway {

/// Serves one HTTP request. Called on the shard's loop. `respond` is called exactly once, on the same loop.
void serve(Shard& shard, HttpRequest request, Exchange::Respond respond);

/// Applies the rate limit to the exchange, then refuses it or runs its handler. The exchange must have its route,
/// fields and principal. Called directly for the commands of a WebSocket; `serve` calls it for HTTP requests.
void admit_and_run(const ExchangePtr& exchange);

/// Verifies an access token (signature, dates, tenant) and returns its claims. Does not check whether the login has
/// ended: Store::take and Store::look do that.
Reply<security::AccessClaims> read_access(const Gateway& gateway, std::string_view token);

/// The rate limit of routes with this cost.
Quota quota_of(Cost cost);

/// The complete problem+json answer. Also used for refusals of a connection, which have no exchange.
HttpAnswer problem_answer(const Problem& problem, std::string_view trace_id);

}  // namespace mm::gateway
