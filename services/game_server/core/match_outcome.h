// Chooses the winner of a match at random. Pure: the random bits depend only on the match id, so the same match always
// ends the same way, and a result that is reported twice is the same.
//
// The probabilities are the Elo expectations: of two teams with mean ratings a and b the first wins with probability
// 1 / (1 + 10^((b-a)/400)); of more, each with 10^(r/400) over the sum, which is the same for two (Bradley and Terry).
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/id.h"

namespace mm::game {

/// 64 pseudorandom bits from the match id and a stream number (splitmix64). Different streams are independent.
std::uint64_t random_bits(MatchId match, std::uint64_t stream);

/// A pseudorandom number in [0, 1).
double random_fraction(MatchId match, std::uint64_t stream);

/// One probability per team; they add up to 1. A team without ratings counts 1500.
std::vector<double> win_probabilities(const std::vector<std::vector<double>>& ratings);

/// The index of the winning team. `teams`: the number of teams, also of those without ratings.
int winner(MatchId match, std::size_t teams, const std::vector<std::vector<double>>& ratings);

}  // namespace mm::game
