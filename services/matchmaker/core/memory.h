// What a planner carries from one tick to the next about the tickets of its pool: which it has already weighed in
// vain (so that it need not weigh them again until something changes) and which were passed over. Losing it costs
// time and a little patience, never a wrong match.
#pragma once

#include <cstdint>
#include <vector>

#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

/// A ticket that could have been matched is passed over at most this many ticks in a row.
inline constexpr int kPatienceTicks = 4;

/// What is remembered of the ticket in one slot.
struct Remembered {
  std::int32_t wakes = 0;     ///< weigh it again from then on (milliseconds after the pool's epoch)
  std::uint8_t use = 0xFF;    ///< the slot's use it is about; no slot starts with this one
  std::uint8_t passed_over = 0;
};

struct Memory {
  BucketMs epoch = 0;
  std::vector<Remembered> by_slot;
};

}  // namespace mm::matchmaker
