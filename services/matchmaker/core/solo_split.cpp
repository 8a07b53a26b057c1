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
  sums.least.resize(lower_.members.size());
  Sum least = std::numeric_limits<Sum>::max();
  for (std::size_t taken = 1; taken <= n; ++taken) {
    const Sum* const upper = sums.upper.data() + upper_.first[n - taken];
    const std::size_t uppers = upper_.first[n - taken + 1] - upper_.first[n - taken];
    for (std::uint32_t i = lower_.first[taken]; i < lower_.first[taken + 1]; ++i) {
      const Sum missing = total - 2 * sums.lower[i];
      Sum least_here = std::numeric_limits<Sum>::max();
      for (std::size_t k = 0; k < uppers; ++k) {
        const Sum difference = missing - 2 * upper[k];
        least_here = std::min(least_here, difference < 0 ? -difference : difference);
      }
      sums.least[i] = least_here;
      least = std::min(least, least_here);
    }
  }
  return least;
}

// Of the halves of least gap the one with the least spread inside both teams. The first player and the last are on the
// same side or not; either way the teams' highest ratings are the highest taken and the highest left of the upper
// group, and their lowest the first player's and the lowest left of the lower group. Where ratings are round many
// halves are equal, so this too goes row by row without branches: first the row, then the place in it.
template <class Sum>
std::uint32_t SoloSplit::best(std::span<const Rating> ratings, Sums<Sum>& sums) {
  const auto n = static_cast<std::size_t>(team_size_);
  const std::uint32_t whole_group = (1U << n) - 1;
  const auto above_first = [&](std::size_t i) { return static_cast<Sum>(ratings[i]) - static_cast<Sum>(ratings[0]); };
  const Sum least = least_gap(ratings, sums);
  Sum total = 0;
  for (std::size_t i = 0; i < ratings.size(); ++i) total += above_first(i);
  sums.highs.resize(upper_.members.size());
  for (std::uint32_t k = upper_.first[1]; k < upper_.first[n]; ++k) {
    const std::uint32_t taken = upper_.members[k];
    sums.highs[k] = above_first(n + highest(taken)) + above_first(n + highest(whole_group & ~taken));
  }
  Sum least_spread = std::numeric_limits<Sum>::max();
  // Everybody of the lower group against everybody of the upper one.
  if (sums.least.back() == least) least_spread = above_first(n - 1) + above_first(2 * n - 1) - above_first(n);
  const auto spread_of = [&](Sum missing, std::uint32_t k) {
    const Sum difference = missing - 2 * sums.upper[k];
    return (difference == least) | (difference == -least) ? sums.highs[k] : std::numeric_limits<Sum>::max();
  };
  std::size_t best_row = lower_.members.size() - 1;
  std::size_t best_taken = n;
  for (std::size_t taken = n - 1; taken >= 1; --taken) {
    for (std::uint32_t i = lower_.first[taken]; i < lower_.first[taken + 1]; ++i) {
      if (sums.least[i] != least) continue;
      const Sum missing = total - 2 * sums.lower[i];
      Sum least_here = std::numeric_limits<Sum>::max();
      for (std::uint32_t k = upper_.first[n - taken]; k < upper_.first[n - taken + 1]; ++k) {
        least_here = std::min(least_here, spread_of(missing, k));
      }
      const Sum spread = least_here - above_first(static_cast<std::size_t>(std::countr_one(lower_.members[i])));
      if (spread >= least_spread) continue;
      least_spread = spread;
      best_row = i;
      best_taken = taken;
    }
  }
  if (best_taken == n) return whole_group;
  const Sum missing = total - 2 * sums.lower[best_row];
  const Sum wanted = least_spread + above_first(static_cast<std::size_t>(std::countr_one(lower_.members[best_row])));
  std::uint32_t place = upper_.first[n - best_taken];
  while (spread_of(missing, place) != wanted) ++place;
  return lower_.members[best_row] | upper_.members[place] << n;
}

}  // namespace mm::matchmaker
