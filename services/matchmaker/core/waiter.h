// The hot part of a ticket: what planning reads of it, 16 bytes, so that a walk along the line is a walk along memory.
#pragma once

#include <cstdint>

#include "services/matchmaker/core/rating.h"

namespace mm::matchmaker {

/// A ticket's place in its pool; good until the ticket is erased or replaced, then given to another one.
using Slot = std::uint32_t;

struct Waiter {
  Rating rating = 0;  ///< mean of the members, plus the mode's premade offset
  Slot slot = 0;
  std::int32_t queued = 0;      ///< milliseconds after the pool's epoch()
  std::uint16_t deviation = 0;  ///< root mean square of the members' deviations, in 1/64 point
  std::uint8_t size = 1;        ///< players
  std::uint8_t use = 0;         ///< counts the uses of the slot (7 bits), so that a planner that remembers slots
                                ///< knows a new ticket from the one before; the top bit: it has latencies
  bool has_latencies() const { return (use & 0x80) != 0; }
};
static_assert(sizeof(Waiter) == 16);

}  // namespace mm::matchmaker
