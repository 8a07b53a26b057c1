#include "services/matchmaker/matching/pool/arrivals.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace mm::matching {
namespace {

/// From the top bits: the rating relative to the lowest; as many leading bits of age and tie break as fit; the index of
/// the arrival.
using Key = std::uint64_t;

constexpr std::size_t kFew = 128;  // fewer arrivals are sorted by comparison, which is faster
constexpr int kDigit = 11;         // bits per digit: the counts of one digit fit the first-level cache
constexpr int kMaxDigits = 3;      // enough for the 32 bits of a rating
constexpr int kTieBits = 8;        // included in the radix sort, so that few equal ratings remain out of order

struct Counts {
  std::array<std::array<std::uint32_t, 1 << kDigit>, kMaxDigits> of;  ///< by digit, the least significant first
};

int width(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }

struct Extent {
  Rating lowest;
  std::int32_t oldest;
  int rating_bits;
  int age_bits;
  int place_bits;
};

Extent extent_of(const std::vector<PendingWaiter>& arrivals) {
  Rating low = arrivals[0].waiter.rating, high = low;
  std::int32_t oldest = arrivals[0].waiter.queued, youngest = oldest;
  for (const PendingWaiter& arrival : arrivals) {
    low = std::min(low, arrival.waiter.rating);
    high = std::max(high, arrival.waiter.rating);
    oldest = std::min(oldest, arrival.waiter.queued);
    youngest = std::max(youngest, arrival.waiter.queued);
  }
  return {.lowest = low,
          .oldest = oldest,
          .rating_bits = width(static_cast<std::uint32_t>(high) - static_cast<std::uint32_t>(low)),
          .age_bits = width(static_cast<std::uint32_t>(youngest) - static_cast<std::uint32_t>(oldest)),
          .place_bits = width(arrivals.size() - 1)};
}

std::vector<Key> keys_of(const std::vector<PendingWaiter>& arrivals, const Extent& extent) {
  const int tie_bits = 64 - extent.rating_bits - extent.place_bits;  // at least 1 for fewer than 2^31 arrivals
  std::vector<Key> keys(arrivals.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const PendingWaiter& arrival = arrivals[i];
    const Key rating = static_cast<std::uint32_t>(arrival.waiter.rating) - static_cast<std::uint32_t>(extent.lowest);
    const Key age = static_cast<std::uint32_t>(arrival.waiter.queued) - static_cast<std::uint32_t>(extent.oldest);
    const Key tie = age << 1 << (63 - extent.age_bits) | arrival.tie_break >> extent.age_bits;
    keys[i] = (rating << tie_bits | tie >> (64 - tie_bits)) << extent.place_bits | i;
  }
  return keys;
}

/// Sorts by the leading `bits`: a stable radix sort, least significant digit first. One pass counts all digits.
void sort_by_digits(std::vector<Key>& keys, int bits) {
  const int digits = std::min((bits + kDigit - 1) / kDigit, kMaxDigits);
  const auto digit = [](Key key, int shift) { return static_cast<std::size_t>(key >> shift) & ((1U << kDigit) - 1); };
  const int last_shift = 64 - digits * kDigit;
  Counts counts;
  for (int d = 0; d < digits; ++d) counts.of[static_cast<std::size_t>(d)].fill(0);
  for (const Key key : keys) {
    for (int d = 0; d < digits; ++d) ++counts.of[static_cast<std::size_t>(d)][digit(key, last_shift + d * kDigit)];
  }
  std::vector<Key> other(keys.size());
  for (int d = 0; d < digits; ++d) {
    auto& start = counts.of[static_cast<std::size_t>(d)];
    std::uint32_t before = 0;
    for (std::uint32_t& count : start) before += std::exchange(count, before);
    const int shift = last_shift + d * kDigit;
    for (const Key key : keys) other[start[digit(key, shift)]++] = key;
    keys.swap(other);
  }
}

/// Finishes keys that are nearly sorted by insertion sort. If this needs too many moves, falls back to std::sort (for
/// example with equal ratings of one age except for a few much older tickets).
void finish(std::vector<Key>& keys) {
  std::size_t moves_left = 8 * keys.size();
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1] <= keys[i]) continue;
    const Key key = keys[i];
    std::size_t at = i;
    for (; at > 0 && moves_left > 0 && key < keys[at - 1]; --at, --moves_left) keys[at] = keys[at - 1];
    keys[at] = key;
    if (moves_left == 0) return std::sort(keys.begin(), keys.end());
  }
}

/// Orders arrivals whose keys differ only in the index, by what the keys could not hold. This is rare.
void order_equals(std::vector<Key>& keys, const std::vector<PendingWaiter>& arrivals, int place_bits) {
  const Key place = (Key{1} << place_bits) - 1;
  Key least_difference = ~Key{0};
  for (std::size_t i = 1; i < keys.size(); ++i) least_difference = std::min(least_difference, keys[i - 1] ^ keys[i]);
  if (least_difference > place) return;
  const auto before = [&](Key a, Key b) { return sorts_before(arrivals[a & place], arrivals[b & place]); };
  for (auto begin = keys.begin(), end = begin; begin != keys.end(); begin = end) {
    end = std::find_if(begin, keys.end(), [&](Key key) { return (key | place) != (*begin | place); });
    if (end - begin > 1) std::sort(begin, end, before);
  }
}

}  // namespace

void sort_pending(std::vector<PendingWaiter>& arrivals, std::vector<Waiter>& sorted) {
  sorted.resize(arrivals.size());
  if (arrivals.size() < kFew) {
    std::sort(arrivals.begin(), arrivals.end(), sorts_before);
    for (std::size_t i = 0; i < sorted.size(); ++i) sorted[i] = arrivals[i].waiter;
    return;
  }
  const Extent extent = extent_of(arrivals);
  std::vector<Key> keys = keys_of(arrivals, extent);
  sort_by_digits(keys, extent.rating_bits + kTieBits);
  finish(keys);
  order_equals(keys, arrivals, extent.place_bits);
  const Key place = (Key{1} << extent.place_bits) - 1;
  for (std::size_t i = 0; i < keys.size(); ++i) sorted[i] = arrivals[keys[i] & place].waiter;
}

}  // namespace mm::matching
