#include "services/matchmaker/core/arrivals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <span>

namespace mm::matchmaker {
namespace {

struct Key {
  std::uint32_t rating;  ///< above the lowest
  std::uint32_t tie;     ///< leading bits of (age, tie break)
  std::uint32_t place;   ///< among the arrivals
};

int width(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

constexpr std::size_t kFew = 64;  // below, comparing is faster

struct Extent {
  Rating lowest;
  std::uint32_t ratings;  ///< highest minus lowest
  std::int32_t oldest;
  std::uint32_t ages;
};

Extent extent_of(const std::vector<Arrival>& arrivals) {
  Rating low = arrivals[0].waiter.rating, high = low;
  std::int32_t oldest = arrivals[0].waiter.queued, youngest = oldest;
  for (const Arrival& arrival : arrivals) {
    low = std::min(low, arrival.waiter.rating);
    high = std::max(high, arrival.waiter.rating);
    oldest = std::min(oldest, arrival.waiter.queued);
    youngest = std::max(youngest, arrival.waiter.queued);
  }
  return {low, static_cast<std::uint32_t>(high) - static_cast<std::uint32_t>(low), oldest,
          static_cast<std::uint32_t>(youngest) - static_cast<std::uint32_t>(oldest)};
}

std::vector<Key> keys_of(const std::vector<Arrival>& arrivals, const Extent& extent) {
  const int age_bits = width(extent.ages);
  std::vector<Key> keys(arrivals.size());
  for (std::uint32_t i = 0; i < keys.size(); ++i) {
    const Arrival& arrival = arrivals[i];
    const std::uint64_t age =
        static_cast<std::uint32_t>(arrival.waiter.queued) - static_cast<std::uint32_t>(extent.oldest);
    const std::uint64_t tie = age_bits == 32 ? age : age << (32 - age_bits) | arrival.tie_break >> (32 + age_bits);
    keys[i] = {static_cast<std::uint32_t>(arrival.waiter.rating) - static_cast<std::uint32_t>(extent.lowest),
               static_cast<std::uint32_t>(tie), i};
  }
  return keys;
}

/// Sorts by one digit, keeping the order of equals; digits of at most 11 bits, so that the counts stay in the nearest
/// cache.
template <class Digit>
void deal_out(std::vector<Key>& keys, std::vector<Key>& other, std::uint32_t largest_digit, const Digit& digit) {
  std::array<std::uint32_t, 2049> start;
  std::fill_n(start.begin(), largest_digit + 2, 0U);
  for (const Key& key : keys) ++start[digit(key) + 1];
  for (std::size_t i = 1; i <= largest_digit; ++i) start[i] += start[i - 1];
  for (const Key& key : keys) other[start[digit(key)]++] = key;
  keys.swap(other);
}

/// By rating exactly, and of equal ratings nearly by tie.
void sort_by_digits(std::vector<Key>& keys, std::uint32_t largest_rating) {
  constexpr int kDigit = 11;
  std::vector<Key> other(keys.size());
  deal_out(keys, other, (1U << kDigit) - 1, [](const Key& key) { return key.tie >> (32 - kDigit); });
  const int bits = width(largest_rating);
  if (bits == 0) return;
  const int passes = (bits + kDigit - 1) / kDigit;
  const int digit = (bits + passes - 1) / passes;
  const std::uint32_t mask = (1U << digit) - 1;
  for (int shift = 0; shift < bits; shift += digit) {
    deal_out(keys, other, mask, [=](const Key& key) { return key.rating >> shift & mask; });
  }
}

/// Equal ratings, nearly in order: by insertion, unless they turn out not to be (all of one age but a few).
template <class Before>
void finish(std::span<Key> equals, const Before& before) {
  std::size_t moves_left = 8 * equals.size();
  for (std::size_t i = 1; i < equals.size(); ++i) {
    const Key key = equals[i];
    std::size_t at = i;
    for (; at > 0 && moves_left > 0 && before(key, equals[at - 1]); --at, --moves_left) equals[at] = equals[at - 1];
    equals[at] = key;
    if (moves_left == 0) return std::sort(equals.begin(), equals.end(), before);
  }
}

}  // namespace

void sort_arrivals(std::vector<Arrival>& arrivals, std::vector<Waiter>& sorted) {
  sorted.resize(arrivals.size());
  if (arrivals.size() < kFew) {
    std::sort(arrivals.begin(), arrivals.end(), stands_before);
    for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = arrivals[i].waiter;
    return;
  }
  const Extent extent = extent_of(arrivals);
  std::vector<Key> keys = keys_of(arrivals, extent);
  sort_by_digits(keys, extent.ratings);
  const auto before = [&](const Key& a, const Key& b) {
    return a.tie != b.tie ? a.tie < b.tie : stands_before(arrivals[a.place], arrivals[b.place]);
  };
  for (std::size_t begin = 0, end = 0; begin < keys.size(); begin = end) {
    while (end < keys.size() && keys[end].rating == keys[begin].rating) ++end;
    if (end - begin > 1) finish({keys.data() + begin, end - begin}, before);
  }
  for (std::size_t i = 0; i < keys.size(); ++i) sorted[i] = arrivals[keys[i].place].waiter;
}

}  // namespace mm::matchmaker
