// Who wins. Pure: the same match always ends the same way, so a result that is reported twice is the same result.
//
// The coin is weighted by the Elo expectation: of two teams with mean ratings a and b the first wins with probability
// 1 / (1 + 10^((b-a)/400)); of more, each with 10^(r/400) over the sum, which is the same for two (Bradley and Terry).
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/id.h"

namespace mm::game {

/// 64 well-mixed bits from the match's id and a stream number (splitmix64): different streams are independent.
std::uint64_t random_bits(MatchId match, std::uint64_t stream);

/// From 0 to below 1.
double random_fraction(MatchId match, std::uint64_t stream);

/// One probability per team; they add up to 1. A team without ratings counts 1500.
std::vector<double> win_probabilities(const std::vector<std::vector<double>>& ratings);

/// Index of the winning team. `teams` counts also where ratings are missing.
int winner(MatchId match, std::size_t teams, const std::vector<std::vector<double>>& ratings);

}  // namespace mm::game
