// The 16 bytes of a ticket that planning reads, so that a walk along the sorted list reads contiguous memory.
#pragma once

#include <cstdint>

#include "services/matchmaker/matching/ticket/rating.h"

namespace mm::matching {

/// Identifies a ticket in its pool. Valid until the ticket is erased or replaced; then the slot is reused.
using Slot = std::uint32_t;

struct Waiter {
  Rating rating = 0;  ///< mean of the players' ratings, plus the mode's premade offset
  Slot slot = 0;
  std::int32_t queued = 0;      ///< milliseconds after the pool's epoch()
  std::uint16_t deviation = 0;  ///< root mean square of the players' deviations, in 1/64 point
  std::uint8_t size = 1;        ///< players
  std::uint8_t use = 0;  ///< low 7 bits: number of uses of the slot, so that a planner that remembers slots can tell a
                         ///< new ticket from an old one; top bit: the ticket has latencies
  bool has_latencies() const { return (use & 0x80) != 0; }
};
static_assert(sizeof(Waiter) == 16);

}  // namespace mm::matching
