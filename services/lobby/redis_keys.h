// What the stores of this service share: the prefix of a tenant's keys, times as text, and failures.
#pragma once

#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/contracts/names.h"
#include "common/contracts/problem.h"
#include "common/storage/redis.h"

namespace mm::lobby {

std::string prefix_of(const Tenant& tenant);

/// The tenants where somebody is in a party or something is due. With a tag of its own: no script touches it.
inline constexpr std::string_view kTenantsKey = "mm:{lobby}:party_tenants";

std::int64_t number_of(std::string_view text);
std::string ms_text(TimePoint time);
TimePoint time_of(std::string_view text);

/// The caller learns only that a part is down; the reason goes to the log.
Failure<Problem> unavailable(const storage::RedisError& error);
/// A script or a key answered in a form that is not understood.
Failure<Problem> malformed(std::string_view what);

}  // namespace mm::lobby
