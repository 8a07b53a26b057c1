// Compares the rating log with the rating table, by a replay of the log.
#pragma once

#include "tests/integration/profile/world.h"

namespace mm::profile {

/// Rates every match of the log again, in the order of applied_seq, with its logged system and margin. Expects the
/// logged values of each player before and after each match, and at the end the rating table, bit for bit. Returns the
/// number of matches.
std::size_t expect_log_gives_the_ratings(const Tenant& tenant);

}  // namespace mm::profile
