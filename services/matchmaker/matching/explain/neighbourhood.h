// A copy of a ticket and of the tickets nearest to it in rating, with what the planner remembers about them. The copy
// is enough to explain on another thread why the ticket waits and what will become of it, without stopping the thread
// that owns the pool.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/explain/wait_reason.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/search/planner_memory.h"

namespace mm::matching {

/// The most tickets copied. Copying that many takes the tick thread about 0.1 ms.
inline constexpr std::size_t kMaxNeighbours = 192;

struct Neighbour {
  PoolTicket ticket;
  PlannerMemory::TicketMemory recalled;
  Rating rating = 0;
  std::optional<BucketMs> opens_at;  ///< see Pool::opens_at
};

struct Neighbourhood {
  ModeRules rules;
  int team_size = 1;
  Region region;
  TicketId subject;
  BucketMs now = 0;
  WaitReason why{};
  std::vector<Neighbour> tickets;  ///< includes the subject; in the order of the sorted list
  /// The ratings of the nearest tickets below and above that were not copied; empty if there are none.
  std::optional<Rating> beyond_low;
  std::optional<Rating> beyond_high;
  // Figures of the whole pool:
  std::size_t pool_tickets = 0;
  std::size_t pool_players = 0;
  std::vector<std::size_t> pool_sizes;  ///< tickets by size; [0] is unused
};

/// Copies the surroundings of the ticket in `slot`, which must be in use. `memory` is that of the pool's last plan, and
/// `now` is the time of that plan.
Neighbourhood copy_neighbourhood(const Pool& pool, BucketMs now, const PlannerMemory& memory, Slot slot,
                                 std::size_t limit = kMaxNeighbours);

/// A pool that contains the tickets of a neighbourhood, with the slots they have in it.
class PoolCopy {
 public:
  explicit PoolCopy(const Neighbourhood& around);

  Pool pool;
  std::vector<std::pair<Slot, PlannerMemory::TicketMemory>> recalled;
  Slot subject = 0;
};

}  // namespace mm::matching
