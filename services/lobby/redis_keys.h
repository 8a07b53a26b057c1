// Functions that both stores of this service use: the prefix of a tenant's keys, times as text, and failures.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/storage/redis.h"

namespace mm::lobby {

std::string prefix_of(const Tenant& tenant);

/// The set of tenants with a party or a timer. No script uses it, because it is in a hash slot of its own.
inline constexpr std::string_view kTenantsKey = "mm:{lobby}:party_tenants";

std::int64_t number_of(std::string_view text);
std::string ms_text(TimePoint time);
TimePoint time_of(std::string_view text);

/// Logs the error and returns 503 without the reason.
Failure<Problem> unavailable(const storage::RedisError& error);
/// Logs that a script or a key returned something malformed and returns 503.
Failure<Problem> malformed(std::string_view what);

}  // namespace mm::lobby
