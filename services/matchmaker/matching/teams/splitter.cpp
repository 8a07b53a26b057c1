#include "services/matchmaker/matching/teams/splitter.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>

namespace mm::matching {
namespace {

constexpr std::int64_t kWorst = std::numeric_limits<std::int64_t>::max();

/// The highest minus the lowest rating of the units whose bit is set. If the units are sorted, only the ends are read.
inline std::int64_t spread_of(std::span<const Unit> units, std::uint32_t members, bool sorted) {
  const auto first = static_cast<std::size_t>(std::countr_zero(members));
  const auto last = static_cast<std::size_t>(std::bit_width(members)) - 1;
  if (sorted) return units[last].rating - units[first].rating;
  std::int64_t low = kWorst;
  std::int64_t high = -kWorst;
  for (std::size_t i = first; i <= last; ++i) {
    if ((members >> i & 1U) == 0) continue;
    low = std::min<std::int64_t>(low, units[i].rating);
    high = std::max<std::int64_t>(high, units[i].rating);
  }
  return high - low;
}

bool is_sorted(std::span<const Unit> units) {
  return std::is_sorted(units.begin(), units.end(), [](const Unit& a, const Unit& b) { return a.rating < b.rating; });
}

/// Computes the strength of every subset of the units, by bit mask.
void sum_sets(std::span<const Unit> units, std::span<std::int64_t> sums) {
  sums[0] = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const std::size_t with = std::size_t{1} << i;
    const std::int64_t strength = units[i].strength();
    for (std::size_t mask = 0; mask < with; ++mask) sums[with | mask] = sums[mask] + strength;
  }
}

std::vector<std::int64_t> strengths(std::span<const Unit> units, const std::vector<std::uint8_t>& team_of, int teams) {
  std::vector<std::int64_t> sums(static_cast<std::size_t>(teams));
  for (std::size_t i = 0; i < units.size(); ++i) sums[team_of[i]] += units[i].strength();
  return sums;
}

/// Renumbers the teams so that unit 0 is in team 0.
void put_unit_0_first(std::vector<std::uint8_t>& team_of) {
  const std::uint8_t first = team_of[0];
  for (auto& team : team_of) team = team == first ? std::uint8_t{0} : team == 0 ? first : team;
}

/// For each unit, the units on the opposite side: a tree over all units.
using Opposites = std::vector<std::vector<std::uint32_t>>;

/// Walks the tree from unit 0 and changes sides at each edge. Returns the number of players on unit 0's side.
int take_sides(std::span<const Unit> units, const Opposites& opposite, std::vector<std::uint8_t>& team_of) {
  constexpr std::uint8_t kNeither = 2;
  std::fill(team_of.begin(), team_of.end(), kNeither);
  team_of[0] = 0;
  int players = 0;
  for (std::vector<std::uint32_t> open{0}; !open.empty();) {
    const std::uint32_t i = open.back();
    open.pop_back();
    if (team_of[i] == 0) players += units[i].size;
    for (const std::uint32_t j : opposite[i]) {
      if (team_of[j] != kNeither) continue;
      team_of[j] = team_of[i] == 0 ? 1 : 0;
      open.push_back(j);
    }
  }
  return players;
}

}  // namespace

Splitter::Splitter(int teams, int team_size)
    : teams_(teams),
      team_size_(team_size),
      fill_(teams, team_size),
      halves_(team_size),
      solo_split_(std::min(team_size, SoloSplit::kMaxPlayers / 2)) {}

bool Splitter::split(std::span<const Unit> units, std::vector<std::uint8_t>& team_of) {
  team_of.assign(units.size(), 0);
  if (teams_ > 2) return split_many(units, team_of);
  if (units.size() == 2) {
    team_of[1] = 1;
    return units[0].size == team_size_ && units[1].size == team_size_;
  }
  return units.size() <= kExactUnits ? split_exactly(units, team_of) : split_by_differencing(units, team_of);
}

std::int64_t Splitter::gap(std::span<const Unit> units) {
  if (teams_ == 2 && units.size() == 2) {
    const bool fits = units[0].size == team_size_ && units[1].size == team_size_;
    return fits ? std::llabs(units[0].strength() - units[1].strength()) : -1;
  }
  if (teams_ > 2 || units.size() > kExactUnits) {
    if (!split(units, scratch_)) return -1;
    const auto sums = strengths(units, scratch_, teams_);
    const auto [low, high] = std::minmax_element(sums.begin(), sums.end());
    return *high - *low;
  }
  if (is_solo_split(units)) return solo_split_.gap(ratings_);
  const auto halves = halves_.of(units);
  if (halves.empty()) return -1;
  compute_sums(units);
  std::int64_t least = kWorst;
  for (const auto& half : halves) least = std::min(least, gap_of(half.members));
  return least;
}

bool Splitter::split_exactly(std::span<const Unit> units, std::vector<std::uint8_t>& team_of) {
  const std::uint32_t half = is_solo_split(units) ? solo_split_.split(ratings_) : best_half(units);
  if (half == 0) return false;
  for (std::size_t i = 0; i < units.size(); ++i) team_of[i] = (half >> i & 1U) != 0 ? 0 : 1;
  return true;
}

// True if the units are the solo tickets of two full teams, sorted by rating as tickets usually are. Stores their
// ratings.
bool Splitter::is_solo_split(std::span<const Unit> units) {
  if (units.size() != 2 * static_cast<std::size_t>(team_size_) || units.size() > SoloSplit::kMaxPlayers) return false;
  ratings_.resize(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i].size != 1 || (i > 0 && units[i].rating < units[i - 1].rating)) return false;
    ratings_[i] = units[i].rating;
  }
  return true;
}

void Splitter::compute_sums(std::span<const Unit> units) {
  cut_ = units.size() / 2;
  sum_sets(units.first(cut_), lower_sums_);
  sum_sets(units.subspan(cut_), upper_sums_);
  total_ = lower_sums_[(std::size_t{1} << cut_) - 1] + upper_sums_[(std::size_t{1} << (units.size() - cut_)) - 1];
}

std::int64_t Splitter::gap_of(std::uint32_t half) const {
  const std::int64_t strength = lower_sums_[half & ((1U << cut_) - 1)] + upper_sums_[half >> cut_];
  return std::llabs(2 * strength - total_);
}

// Returns 0 if the sizes cannot fill the teams.
std::uint32_t Splitter::best_half(std::span<const Unit> units) {
  const auto halves = halves_.of(units);
  if (halves.empty()) return 0;
  if (halves.size() == 1) return halves[0].members;
  compute_sums(units);
  const bool sorted = is_sorted(units);
  const std::uint32_t all_units = (1U << units.size()) - 1;
  Imbalance best{kWorst, kWorst, kWorst};
  std::uint32_t members = 0;
  for (const auto& half : halves) {
    const std::int64_t gap = gap_of(half.members);
    if (gap > best.gap) continue;
    const Imbalance imbalance{
        gap, half.premades,
        spread_of(units, half.members, sorted) + spread_of(units, all_units & ~half.members, sorted)};
    if (imbalance >= best) continue;
    best = imbalance;
    members = half.members;
  }
  return members;
}

// Karmarkar and Karp 1982: put the two largest values on opposite sides, and replace them by their difference.
// `kPerPlayer` is larger than any sum of ratings, so players are balanced before ratings.
bool Splitter::split_by_differencing(std::span<const Unit> units, std::vector<std::uint8_t>& team_of) {
  constexpr std::int64_t kPerPlayer = 1LL << 40;
  struct Node {
    std::int64_t value;
    std::uint32_t unit;
  };
  const auto less = [](const Node& a, const Node& b) {
    return a.value != b.value ? a.value < b.value : a.unit > b.unit;
  };
  std::vector<Node> heap;
  for (std::uint32_t i = 0; i < units.size(); ++i)
    heap.push_back({units[i].strength() + kPerPlayer * units[i].size, i});
  std::make_heap(heap.begin(), heap.end(), less);
  Opposites opposite(units.size());
  while (heap.size() > 1) {
    std::pop_heap(heap.begin(), heap.end(), less);
    const Node largest = heap.back();
    heap.pop_back();
    std::pop_heap(heap.begin(), heap.end(), less);
    Node& second = heap.back();
    opposite[largest.unit].push_back(second.unit);
    opposite[second.unit].push_back(largest.unit);
    second = {largest.value - second.value, largest.unit};
    std::push_heap(heap.begin(), heap.end(), less);
  }
  if (take_sides(units, opposite, team_of) != team_size_ && !deal_out(units, team_of)) return false;
  swap_while_it_helps(units, team_of, 0, 1);
  put_unit_0_first(team_of);
  return true;
}

// Distributes the sizes first (TeamFiller::distribute). Then, size by size, the strongest ticket goes to the team that
// is weakest so far.
bool Splitter::deal_out(std::span<const Unit> units, std::vector<std::uint8_t>& team_of) {
  SizeCounts counts(static_cast<std::size_t>(team_size_) + 1);
  for (const Unit& unit : units) ++counts[static_cast<std::size_t>(unit.size)];
  if (!fill_.distribute(counts, team_counts_)) return false;
  std::vector<std::size_t> order(units.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (units[a].size != units[b].size) return units[a].size > units[b].size;
    return units[a].rating != units[b].rating ? units[a].rating > units[b].rating : a < b;
  });
  std::vector<std::int64_t> sums(static_cast<std::size_t>(teams_));
  for (const std::size_t i : order) {
    const auto size = static_cast<std::size_t>(units[i].size);
    std::size_t team = team_counts_.size();
    for (std::size_t t = 0; t < team_counts_.size(); ++t) {
      if (team_counts_[t][size] > 0 && (team == team_counts_.size() || sums[t] < sums[team])) team = t;
    }
    --team_counts_[team][size];
    sums[team] += units[i].strength();
    team_of[i] = static_cast<std::uint8_t>(team);
  }
  return true;
}

// Repeats the best swap of two tickets of the same size. Each swap makes the difference smaller, so the loop ends.
void Splitter::swap_while_it_helps(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b) {
  const auto sums = strengths(units, team_of, teams_);
  std::int64_t difference = sums[static_cast<std::size_t>(a)] - sums[static_cast<std::size_t>(b)];
  for (bool better = true; better && difference != 0;) {
    better = false;
    std::size_t swap_a = 0;
    std::size_t swap_b = 0;
    std::int64_t least = std::llabs(difference);
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (team_of[i] != a) continue;
      for (std::size_t j = 0; j < units.size(); ++j) {
        if (team_of[j] != b || units[j].size != units[i].size) continue;
        const std::int64_t after = std::llabs(difference - 2 * (units[i].strength() - units[j].strength()));
        if (after >= least) continue;
        least = after;
        swap_a = i;
        swap_b = j;
        better = true;
      }
    }
    if (!better) break;
    difference -= 2 * (units[swap_a].strength() - units[swap_b].strength());
    std::swap(team_of[swap_a], team_of[swap_b]);
  }
}

// Splits the tickets of two teams again. True if the difference of the two teams got smaller.
bool Splitter::resplit_pair(std::span<const Unit> units, std::vector<std::uint8_t>& team_of, int a, int b) {
  pair_units_.clear();
  std::vector<std::size_t> places;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (team_of[i] != a && team_of[i] != b) continue;
    before += team_of[i] == a ? units[i].strength() : -units[i].strength();
    pair_units_.push_back(units[i]);
    places.push_back(i);
  }
  if (before == 0) return false;
  std::vector<std::uint8_t> halves(pair_units_.size());
  if (pair_units_.size() <= kExactUnits) {
    if (!split_exactly(pair_units_, halves)) return false;
    std::int64_t after = 0;
    for (std::size_t i = 0; i < places.size(); ++i) after += (halves[i] == 0 ? 1 : -1) * pair_units_[i].strength();
    if (std::llabs(after) >= std::llabs(before)) return false;
    for (std::size_t i = 0; i < places.size(); ++i) {
      team_of[places[i]] = static_cast<std::uint8_t>(halves[i] == 0 ? a : b);
    }
    return true;
  }
  swap_while_it_helps(units, team_of, a, b);
  const auto sums = strengths(units, team_of, teams_);
  return std::llabs(sums[static_cast<std::size_t>(a)] - sums[static_cast<std::size_t>(b)]) < std::llabs(before);
}

bool Splitter::split_many(std::span<const Unit> units, std::vector<std::uint8_t>& team_of) {
  if (!deal_out(units, team_of)) return false;
  constexpr int kMaxRounds = 32;
  bool better = true;
  for (int round = 0; better && round < kMaxRounds; ++round) {
    better = false;
    for (int a = 0; a < teams_; ++a) {
      for (int b = a + 1; b < teams_; ++b) better = resplit_pair(units, team_of, a, b) || better;
    }
  }
  put_unit_0_first(team_of);
  return true;
}

}  // namespace mm::matching
