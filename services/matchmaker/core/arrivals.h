// Sorts the tickets that arrived between two ticks, for the line to take in: by rating, then age, then id.
//
// Mostly a handful, sometimes a whole queue at once. Ratings are 32-bit numbers close together, so many are sorted
// digit by digit, least significant first, on 8-byte keys: the rating, as much of age and id as there is room for (a game
// whose players are all new has many equal ratings), and the place of the arrival. Of the rating all digits, and some
// bits more; what then still stands wrong is put right by insertion. A comparison sort takes several times as long.
#pragma once

#include <cstdint>
#include <vector>

#include "services/matchmaker/core/waiter.h"

namespace mm::matchmaker {

struct Arrival {
  Waiter waiter;
  std::uint64_t tie_break = 0;  ///< mixed_bits of its id
};

/// The line's order: by rating, then age, then what a hash makes of the id, which is the same for any order of arrival.
inline bool stands_before(const Arrival& a, const Arrival& b) {
  if (a.waiter.rating != b.waiter.rating) return a.waiter.rating < b.waiter.rating;
  if (a.waiter.queued != b.waiter.queued) return a.waiter.queued < b.waiter.queued;
  return a.tie_break < b.tie_break;
}

/// `sorted` gets the waiters of `arrivals` in the line's order.
void sort_arrivals(std::vector<Arrival>& arrivals, std::vector<Waiter>& sorted);

}  // namespace mm::matchmaker
