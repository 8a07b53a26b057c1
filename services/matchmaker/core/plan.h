// One tick of one bucket: who plays whom, and who has waited in vain.
//
//   Memory memory;        // one per pool, lives as long as it
//   Workspace workspace;  // one per thread; only saves allocations
//   for each tick:
//     TickPlan tick = plan(pool, rules, now, memory, workspace);
//     for (const PlannedMatch& match : tick.matches)
//       for (const Seat& seat : tick.seats_of(match)) … pool.ticket(seat.slot), seat.team …
//     … commit; then pool.erase() what was committed and what expired …
//
// No I/O, no clock, no logging, no randomness: the same tickets, rules, time and memory give the same plan, in any
// order of insertion. Slots in a plan are good until the pool is changed.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/core/quality.h"
#include "services/matchmaker/core/ticket.h"
#include "services/matchmaker/core/workspace.h"

namespace mm::matchmaker {

/// One ticket of a match and the team (0, 1, …) it plays in.
struct Seat {
  Slot slot;
  std::uint32_t team;
};

struct PlannedMatch {
  std::uint32_t first_seat = 0;
  std::uint32_t seats = 0;
  double quality = 0;  ///< 0 to 1, see quality.h
  double spread = 0;   ///< highest minus lowest ticket rating, in points
  /// Of team 0 over team 1 in standard deviations; with more than two teams, of the strongest over the weakest.
  double advantage = 0;
  double win_probability() const { return matchmaker::win_probability(advantage); }
};

struct TickPlan {
  std::vector<PlannedMatch> matches;  ///< lowest rated first
  std::vector<Seat> seats;            ///< of all matches; within one by team
  std::vector<Slot> expired;          ///< deadline reached; in no match

  std::span<const Seat> seats_of(const PlannedMatch& match) const {
    return {seats.data() + match.first_seat, match.seats};
  }
};

/// Everybody else waits on; why, why_waiting() says when asked (a million reasons would take longer than the matches).

/// The whole pool from nothing.
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now);
/// The same, working only where something changed since the last tick, and with no ticket passed over for more than
/// kPatienceTicks ticks in a row.
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory);
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory, Workspace& workspace);

}  // namespace mm::matchmaker
