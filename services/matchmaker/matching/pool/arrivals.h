// Sorts the tickets that arrived between two ticks, so that the sorted list can merge them: by rating, then age, then
// id.
//
// Usually a few tickets arrive, sometimes a whole queue at once. Ratings are 32-bit integers in a narrow range, so many
// arrivals are radix-sorted, least significant digit first, on 8-byte keys. A key holds the rating, as many leading
// bits of age and id as fit (in a game whose players are all new, many ratings are equal), and the index of the
// arrival. The radix sort covers all bits of the rating and a few more; insertion sort corrects the rest. A comparison
// sort takes several times as long.
#pragma once

#include <cstdint>
#include <vector>

#include "services/matchmaker/matching/ticket/waiter.h"

namespace mm::matching {

struct PendingWaiter {
  Waiter waiter;
  std::uint64_t tie_break = 0;  ///< mixed_bits() of its id
};

/// The order of the sorted list: by rating, then age, then a hash of the id. It does not depend on the order of
/// arrival.
inline bool sorts_before(const PendingWaiter& a, const PendingWaiter& b) {
  if (a.waiter.rating != b.waiter.rating) return a.waiter.rating < b.waiter.rating;
  if (a.waiter.queued != b.waiter.queued) return a.waiter.queued < b.waiter.queued;
  return a.tie_break < b.tie_break;
}

/// Writes the waiters of `arrivals` to `sorted`, in the order of the sorted list. Changes `arrivals`.
void sort_pending(std::vector<PendingWaiter>& arrivals, std::vector<Waiter>& sorted);

}  // namespace mm::matching
