// A ticket and those nearest to it in rating, copied out of a pool with what a planner remembers of them: enough to say
// later, on another thread, why it waits and what will become of it, without stopping the thread that owns the pool.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/core/why.h"

namespace mm::matchmaker {

/// Copying so many takes a tick thread about 0.1 ms.
inline constexpr std::size_t kNeighboursMost = 192;

struct Neighbour {
  PoolTicket ticket;
  Memory::Recalled recalled;
  Rating rating = 0;
  std::optional<BucketMs> opens_at;  ///< Pool::opens_at
};

struct Neighbourhood {
  ModeRules rules;
  int team_size = 1;
  Region region;
  TicketId subject;
  BucketMs now = 0;
  Waiting why{};
  std::vector<Neighbour> tickets;  ///< the subject among them; in the line's order
  /// The ratings of the nearest tickets that were not taken, below and above; nothing: there are none.
  std::optional<Rating> beyond_low;
  std::optional<Rating> beyond_high;
  // Of the whole pool:
  std::size_t pool_tickets = 0;
  std::size_t pool_players = 0;
  std::vector<std::size_t> pool_sizes;  ///< tickets by size; [0] is unused
};

/// `slot` is in use. `memory`: of the last plan of this pool. `now`: when that was.
Neighbourhood look_around(const Pool& pool, BucketMs now, const Memory& memory, Slot slot,
                          std::size_t most = kNeighboursMost);

/// The pool of a neighbourhood, and who is who in it.
class PoolCopy {
 public:
  explicit PoolCopy(const Neighbourhood& around);

  Pool pool;
  std::vector<std::pair<Slot, Memory::Recalled>> recalled;
  Slot subject = 0;
};

}  // namespace mm::matchmaker
