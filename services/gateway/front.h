// The way of a request to its handler: target, route, body, token, then the limiter, then permissions. What is refused
// and in which order is decided here and in no handler: 400, 401, 403 and 404, then (in handlers) 422 and 409.
#pragma once

#include <string_view>

#include "common/contracts/problem.h"
#include "services/gateway/core/http.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/exchange.h"

namespace mm::gateway {

/// Serves a request of a connection. `respond` is called exactly once, on the shard's loop.
void serve(Shard& shard, HttpRequest request, Exchange::Respond respond);

/// Counts the exchange, then refuses it or runs its handler. For commands of a WebSocket, whose route, fields and
/// principal are known.
void admit_and_run(const ExchangePtr& exchange);

/// The player a valid access token names; refused logins (ended ones) are found by the limiter's look.
Reply<security::AccessClaims> read_access(const Gateway& gateway, std::string_view token);

Quota quota_of(Cost cost);

/// The whole problem+json answer. A connection-level refusal (no exchange) uses it too.
HttpAnswer problem_answer(const Problem& problem, std::string_view trace_id);

}  // namespace mm::gateway
