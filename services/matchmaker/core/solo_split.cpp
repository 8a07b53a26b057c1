#include "services/matchmaker/core/solo_split.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

namespace mm::matchmaker {
namespace {

/// The sums of these ratings, above `base` each, over every set of them, in the order of `members`.
template <class Sum>
void sum_up(std::span<const Rating> ratings, Rating base, const std::vector<std::uint32_t>& members,
            std::vector<Sum>& by_mask, std::vector<Sum>& sums) {
  by_mask.resize(std::size_t{1} << ratings.size());
  by_mask[0] = 0;
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    const Sum above = static_cast<Sum>(ratings[i]) - static_cast<Sum>(base);
    const std::size_t bit = std::size_t{1} << i;
    for (std::size_t mask = 0; mask < bit; ++mask) by_mask[bit | mask] = by_mask[mask] + above;
  }
  sums.resize(members.size());
  for (std::size_t i = 0; i < members.size(); ++i) sums[i] = by_mask[members[i]];
}

std::size_t highest(std::uint32_t mask) { return static_cast<std::size_t>(std::bit_width(mask)) - 1; }

std::int64_t above_first(std::span<const Rating> ratings, std::size_t i) {
  return std::int64_t{ratings[i]} - ratings[0];
}

}  // namespace

SoloSplit::SoloSplit(int team_size)
    : team_size_(team_size), lower_(group(team_size, true)), upper_(group(team_size, false)) {}

SoloSplit::Group SoloSplit::group(int players, bool with_first) {
  Group made;
  for (int taken = 0; taken <= players; ++taken) {
    made.first.push_back(static_cast<std::uint32_t>(made.members.size()));
    for (std::uint32_t mask = 0; mask < 1U << players; ++mask) {
      if (std::popcount(mask) == taken && (!with_first || (mask & 1U) != 0)) made.members.push_back(mask);
    }
  }
  made.first.push_back(static_cast<std::uint32_t>(made.members.size()));
  return made;
}

std::int64_t SoloSplit::gap(std::span<const Rating> ratings) {
  if (ratings.front() == ratings.back()) return 0;
  return is_narrow(ratings) ? least_gap(ratings, narrow_) : least_gap(ratings, wide_);
}

std::uint32_t SoloSplit::split(std::span<const Rating> ratings) {
  if (ratings.front() == ratings.back()) return (1U << team_size_) - 1;
  return is_narrow(ratings) ? best(ratings, narrow_) : best(ratings, wide_);
}

// Twice the sum of all players, counted from the lowest, fits 32 bits: true for any match with windows.
bool SoloSplit::is_narrow(std::span<const Rating> ratings) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max() / (2 * kMostPlayers);
  return std::int64_t{ratings.back()} - ratings.front() <= kMost;
}

template <class Sum>
Sum SoloSplit::least_gap(std::span<const Rating> ratings, Sums<Sum>& sums) {
  const auto n = static_cast<std::size_t>(team_size_);
  sum_up(ratings.first(n), ratings[0], lower_.members, sums.scratch, sums.lower);
  sum_up(ratings.subspan(n), ratings[0], upper_.members, sums.scratch, sums.upper);
  Sum total = 0;
  for (const Rating rating : ratings) total += static_cast<Sum>(rating) - static_cast<Sum>(ratings[0]);
  Sum least = std::numeric_limits<Sum>::max();
  for (std::size_t taken = 1; taken <= n; ++taken) {
    const Sum* const upper = sums.upper.data() + upper_.first[n - taken];
    const std::size_t uppers = upper_.first[n - taken + 1] - upper_.first[n - taken];
    for (std::uint32_t i = lower_.first[taken]; i < lower_.first[taken + 1]; ++i) {
      const Sum missing = total - 2 * sums.lower[i];
      for (std::size_t k = 0; k < uppers; ++k) {
        const Sum difference = missing - 2 * upper[k];
        least = std::min(least, difference < 0 ? -difference : difference);
      }
    }
  }
  return least;
}

// One pass without branches over (gap, spread inside both teams). The first player and the last are on the same side
// or not; either way the teams' highest ratings are the highest taken and the highest left of the upper group, and
// their lowest the first player's and the lowest left of the lower group.
template <class Sum>
std::uint32_t SoloSplit::best(std::span<const Rating> ratings, Sums<Sum>& sums) {
  const auto n = static_cast<std::size_t>(team_size_);
  const std::uint32_t whole_group = (1U << n) - 1;
  sum_up(ratings.first(n), ratings[0], lower_.members, sums.scratch, sums.lower);
  sum_up(ratings.subspan(n), ratings[0], upper_.members, sums.scratch, sums.upper);
  std::int64_t total = 0;
  for (const Rating rating : ratings) total += std::int64_t{rating} - ratings[0];
  highs_.assign(upper_.members.size(), 0);
  for (std::uint32_t k = upper_.first[1]; k < upper_.first[n]; ++k) {
    const std::uint32_t taken = upper_.members[k];
    highs_[k] = above_first(ratings, n + highest(taken)) + above_first(ratings, n + highest(whole_group & ~taken));
  }
  // Everybody of the lower group against everybody of the upper one.
  std::int64_t least_gap = std::llabs(total - 2 * std::int64_t{sums.lower.back()});
  std::int64_t least_spread = above_first(ratings, n - 1) + above_first(ratings, 2 * n - 1) - above_first(ratings, n);
  std::uint32_t chosen = whole_group;
  for (std::size_t taken = n - 1; taken >= 1; --taken) {
    for (std::uint32_t i = lower_.first[taken]; i < lower_.first[taken + 1]; ++i) {
      const std::int64_t missing = total - 2 * std::int64_t{sums.lower[i]};
      const auto left = static_cast<std::size_t>(std::countr_one(lower_.members[i]));
      const std::int64_t lowest_left = above_first(ratings, left);
      for (std::uint32_t k = upper_.first[n - taken]; k < upper_.first[n - taken + 1]; ++k) {
        const std::int64_t gap = std::llabs(missing - 2 * std::int64_t{sums.upper[k]});
        const std::int64_t spread = highs_[k] - lowest_left;
        const bool better = (gap < least_gap) | ((gap == least_gap) & (spread < least_spread));
        least_gap = better ? gap : least_gap;
        least_spread = better ? spread : least_spread;
        chosen = better ? lower_.members[i] | upper_.members[k] << n : chosen;
      }
    }
  }
  return chosen;
}

}  // namespace mm::matchmaker
