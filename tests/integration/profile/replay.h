// Compares the ratings table of profile with the rating changes in its log.
#pragma once

#include "tests/integration/profile/world.h"

namespace mm::profile {

/// Rates every match of the log again, in the order of applied_seq, each by the system and with the margin it was
/// applied with, and expects what the log says of each player before and after it, and in the end the table of ratings,
/// bit for bit. Says how many matches there were.
std::size_t expect_log_gives_the_ratings(const Tenant& tenant);

}  // namespace mm::profile
