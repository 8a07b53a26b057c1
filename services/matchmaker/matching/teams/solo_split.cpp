#include "services/matchmaker/matching/teams/solo_split.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace mm::matching {
namespace {

// GCC's and Clang's vector extension, with 16 bytes, which every 64-bit processor supports. The compiler would
// vectorise the loops too, but the rows are so short that the code it adds before and after each loop takes longer.
template <class Number>
struct Together {
  typedef Number Vector __attribute__((vector_size(16)));
  static constexpr std::size_t kCount = 16 / sizeof(Number);
};
template <class Number>
using Vector = typename Together<Number>::Vector;

/// The unit of ratings in this number type, in units of Rating.
template <class Number>
constexpr std::uint32_t kUnit = sizeof(Number) == sizeof(std::int16_t) ? kUnitsPerHundredth : 1;

template <class Number>
Vector<Number> load(const Number* from) {
  Vector<Number> loaded;
  std::memcpy(&loaded, from, sizeof(loaded));
  return loaded;
}

template <class Number>
void store(const Vector<Number>& vector, Number* to) {
  std::memcpy(to, &vector, sizeof(vector));
}

template <class Number>
Vector<Number> all(Number number) {
  return Vector<Number>{} + number;
}

// Not inlined, because the compiler keeps a vector in memory, from its first use on, if its elements are read one by
// one.
template <class Number>
[[gnu::noinline]] Number least_of(Vector<Number> vector) {
  std::array<Number, Together<Number>::kCount> numbers;
  store(vector, numbers.data());
  return *std::min_element(numbers.begin(), numbers.end());
}

/// The index of the first occurrence of `wanted`, which must occur.
template <class Number>
std::size_t first_of(const std::vector<Number>& numbers, Number wanted) {
  std::size_t i = 0;
  for (std::array<std::uint64_t, 2> found{}; (found[0] | found[1]) == 0; i += Together<Number>::kCount) {
    const auto same = load(numbers.data() + i) == all(wanted);
    std::memcpy(found.data(), &same, sizeof(same));
  }
  i -= Together<Number>::kCount;
  while (numbers[i] != wanted) ++i;
  return i;
}

/// Computes for each set the sum of the numbers of its players: `marked` has one row of `sums.size()` masks per player.
template <class Number>
void sum_marked(std::span<const Number> numbers, const std::vector<Number>& marked, std::vector<Number>& sums) {
  std::array<Vector<Number>, SoloSplit::kMaxPlayers / 2 + 1> of_player;
  for (std::size_t i = 0; i < numbers.size(); ++i) of_player[i] = all(numbers[i]);
  const std::size_t sets = sums.size();
  const Number* const marks = marked.data();
  Number* const out = sums.data();
  for (std::size_t set = 0; set < sets; set += Together<Number>::kCount) {
    Vector<Number> sum{};
    for (std::size_t i = 0; i < numbers.size(); ++i) sum += of_player[i] & load(marks + i * sets + set);
    store(sum, out + set);
  }
}

std::uint32_t highest(std::uint32_t mask) { return static_cast<std::uint32_t>(std::bit_width(mask)) - 1; }

}  // namespace

SoloSplit::SoloSplit(int team_size) : team_size_(team_size) {
  const std::uint32_t sets = 1U << team_size;
  for (int taken = team_size; taken >= 1; --taken) {
    const auto begin = static_cast<std::uint32_t>(uppers_.size());
    list_uppers(team_size - taken);
    for (std::uint32_t lower = 1; lower < sets; lower += 2) {
      if (std::popcount(lower) != taken) continue;
      for (std::uint32_t k = begin; k < uppers_.size(); k += kEight) {
        eights_.push_back({static_cast<std::uint32_t>(lowers_.size()), k});
      }
      lowers_.push_back(lower);
    }
  }
  prepare(small_);
  prepare(middle_);
  prepare(large_);
}

// The padding repeats the last subset. It is never chosen, because the first of equals is.
void SoloSplit::list_uppers(int taken) {
  const std::uint32_t sets = 1U << team_size_;
  for (std::uint32_t members = 0; members < sets; ++members) {
    if (std::popcount(members) == taken) uppers_.push_back(members);
  }
  while (uppers_.size() % kEight != 0) uppers_.push_back(uppers_.back());
}

template <class Number>
void SoloSplit::prepare(Trial<Number>& trial) const {
  const auto n = static_cast<std::uint32_t>(team_size_);
  const std::uint32_t group = (1U << n) - 1;
  const auto mark = [](bool marked) { return static_cast<Number>(marked ? -1 : 0); };
  trial.lower_sums.resize((lowers_.size() + kEight - 1) / kEight * kEight);
  trial.lows.resize(trial.lower_sums.size());
  trial.upper_sums.resize(uppers_.size());
  trial.highs.resize(uppers_.size());
  trial.halves.resize(eights_.size() * kEight);
  trial.ratings.resize(2 * n);
  for (std::uint32_t i = 0; i <= n; ++i) {
    for (std::size_t set = 0; set < trial.lower_sums.size(); ++set) {
      const std::uint32_t lower = set < lowers_.size() ? lowers_[set] : 0;
      if (i < n) trial.in_lower.push_back(mark((lower >> i & 1U) != 0));
      if (i > 0) trial.is_lowest.push_back(mark(static_cast<std::uint32_t>(std::countr_one(lower)) == i));
    }
    for (const std::uint32_t upper : uppers_) {
      const std::uint32_t without_last = (upper >> (n - 1) & 1U) != 0 ? group & ~upper : upper;
      const std::uint32_t last = without_last == 0 ? 0 : highest(without_last) + 1;
      if (i < n) trial.in_upper.push_back(mark((upper >> i & 1U) != 0));
      trial.is_highest.push_back(mark(last == i));
    }
  }
}

// Calls `use` with the smallest number type that holds the sums. Ratings of solo players are whole hundredths of a
// point apart. The largest number is the sum of all ratings relative to the lowest.
template <class Use>
auto SoloSplit::in_smallest_numbers(std::span<const Rating> ratings, const Use& use) {
  std::uint64_t total = 0;
  std::uint32_t broken = 0;
  for (const Rating rating : ratings) {
    const std::uint32_t above = static_cast<std::uint32_t>(rating) - static_cast<std::uint32_t>(ratings[0]);
    total += above;
    broken |= above % kUnit<std::int16_t>;
  }
  constexpr std::uint64_t kMaxSmall = std::numeric_limits<std::int16_t>::max();
  if (broken == 0 && total <= kMaxSmall * kUnit<std::int16_t>) return use(small_);
  return total <= std::numeric_limits<std::int32_t>::max() ? use(middle_) : use(large_);
}

std::int64_t SoloSplit::gap(std::span<const Rating> ratings) {
  if (ratings.front() == ratings.back()) return 0;
  return in_smallest_numbers(ratings, [&]<class Number>(Trial<Number>& trial) {
    load_ratings(ratings, trial);
    return std::int64_t{kUnit<Number>} * least_gap(trial);
  });
}

std::uint32_t SoloSplit::split(std::span<const Rating> ratings) {
  if (ratings.front() == ratings.back()) return (1U << team_size_) - 1;
  return in_smallest_numbers(ratings, [&](auto& trial) {
    load_ratings(ratings, trial);
    return best(trial);
  });
}

template <class Number>
void SoloSplit::load_ratings(std::span<const Rating> ratings, Trial<Number>& trial) const {
  const auto n = static_cast<std::size_t>(team_size_);
  trial.total = 0;
  for (std::size_t i = 0; i < 2 * n; ++i) {
    const std::uint32_t above = static_cast<std::uint32_t>(ratings[i]) - static_cast<std::uint32_t>(ratings[0]);
    trial.ratings[i] = static_cast<Number>(above / kUnit<Number>);
    trial.total = static_cast<Number>(trial.total + trial.ratings[i]);
  }
  const std::span<const Number> above(trial.ratings);
  sum_marked(above.first(n), trial.in_lower, trial.lower_sums);
  sum_marked(above.subspan(n), trial.in_upper, trial.upper_sums);
}

template <class Number>
Number SoloSplit::least_gap(Trial<Number>& trial) const {
  const Number total = trial.total;
  const Number* const lowers = trial.lower_sums.data();
  const Number* const uppers = trial.upper_sums.data();
  Number* half = trial.halves.data();
  Vector<Number> least = all(std::numeric_limits<Number>::max());
  for (auto eight = eights_.begin(), end = eights_.end(); eight != end; ++eight) {
    const Vector<Number> missing = all(static_cast<Number>(total - 2 * lowers[eight->lower]));
    for (std::size_t i = 0; i < kEight; i += Together<Number>::kCount, half += Together<Number>::kCount) {
      const Vector<Number> upper = load(uppers + eight->upper + i);
      const Vector<Number> over = missing - upper - upper;
      const Vector<Number> gap = over < -over ? -over : over;
      least = gap < least ? gap : least;
      store(gap, half);
    }
  }
  return least_of<Number>(least);
}

// Finds the first half of least difference with the least spread inside both teams. One team has the highest rating of
// all; the highest rating of the other is that of the highest upper-group player who is not on the last player's side.
// One team has the lowest rating of all; the lowest rating of the other is that of the lowest lower-group player who is
// not on the first player's side. Constants that are equal for all halves are omitted. With round ratings many halves
// are equal, so this is also free of branches: first the least spread, then the first half that has it.
template <class Number>
std::uint32_t SoloSplit::best(Trial<Number>& trial) const {
  const auto n = static_cast<std::size_t>(team_size_);
  const Vector<Number> worst = all(std::numeric_limits<Number>::max());
  const Vector<Number> wanted_gap = all(least_gap(trial));
  const std::span<const Number> above(trial.ratings);
  sum_marked(above.subspan(1, n), trial.is_lowest, trial.lows);
  sum_marked(above.subspan(n - 1), trial.is_highest, trial.highs);
  const Number* const lows = trial.lows.data();
  const Number* const highs = trial.highs.data();
  Number* half = trial.halves.data();
  Vector<Number> least = worst;
  for (auto eight = eights_.begin(), end = eights_.end(); eight != end; ++eight) {
    const Vector<Number> low = all(lows[eight->lower]);
    for (std::size_t i = 0; i < kEight; i += Together<Number>::kCount, half += Together<Number>::kCount) {
      Vector<Number> spread = load(highs + eight->upper + i) - low;
      spread = load(half) == wanted_gap ? spread : worst;
      least = spread < least ? spread : least;
      store(spread, half);
    }
  }
  const std::size_t found = first_of(trial.halves, least_of<Number>(least));
  const Eight& eight = eights_[found / kEight];
  return lowers_[eight.lower] | uppers_[eight.upper + found % kEight] << n;
}

}  // namespace mm::matching
