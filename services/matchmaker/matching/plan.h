// Plans one tick of one bucket: which tickets are matched in which teams, and which tickets have expired.
//
//   PlannerMemory memory;        // one per pool, same lifetime
//   Workspace workspace;  // one per thread; only saves allocations
//   for each tick:
//     TickPlan tick = plan(pool, rules, now, memory, workspace);
//     for (const PlannedMatch& match : tick.matches)
//       for (const Seat& seat : tick.seats_of(match)) … pool.ticket(seat.slot), seat.team …
//     … commit; then pool.erase() what was committed and what expired …
//
// The steps of plan(), in the order in which they run:
//   1. Collect the due tickets: new ones, and those whose window has reached a new neighbour (planner_memory.h).
//   2. Collect the expired tickets: deadline <= now (pool.h).
//   3. Stop if the party sizes of the whole pool cannot fill the teams (team_filler.h).
//   4. Take the ranges of the pool's sorted list that the windows of the due tickets cover. Merge ranges that overlap.
//   5. Build the candidate list of these ranges, with window and waiting bonus of each ticket, without expired tickets
//      and without tickets to which the region is not open yet (candidates.h).
//   6. Cut each range into islands, which share no match. Skip an island with too few players for a match, or in which
//      nothing has changed (islands.h, planner_memory.h). For each other island:
//      a. Match the tickets that were passed over in kPatienceTicks ticks in a row, the longest-waiting first,
//         at most 16. These matches are final (starvation_search.h).
//      b. If all tickets have one player, ratings count, and step a found no such ticket: match runs of neighbours by
//         interval scheduling (solo_scheduler.h).
//      c. For each free ticket from the lowest upwards: make the match with the least spread above it (seed_search.h).
//      d. If the island has a match and ratings count: improve the matches by local search (improver.h, packing.h). If
//         this changes any match, repeat step c.
//      e. If the island has a match: find the free tickets for which a match existed. They count as passed over.
//   7. Split each match into teams and compute its quality (splitter.h, match_evaluator.h, duels.h, quality.h).
//   8. Remember for each ticket left when it is due again, and whether it was passed over (planner_memory.h).
//
// No I/O, no clock, no logging, no randomness: the same tickets, rules, time and memory give the same plan, whatever
// the order of insertion. The slots in a plan are valid until the pool changes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/rules/quality.h"
#include "services/matchmaker/matching/search/planner_memory.h"
#include "services/matchmaker/matching/search/workspace.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matching {

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
  /// Advantage of team 0 in standard deviations; with more than two teams, of the strongest team over the weakest.
  double advantage = 0;
  double win_probability() const { return matching::win_probability(advantage); }
};

/// The result of a tick. Tickets not in it keep waiting. The plan holds no reasons for that, because computing them for
/// a million tickets would take longer than planning; why_waiting() computes the reason of one ticket on request.
struct TickPlan {
  /// In the order of the lowest ticket of each match; in modes without ratings, of the longest-waiting one.
  std::vector<PlannedMatch> matches;
  std::vector<Seat> seats;    ///< of all matches, in their order; sorted by team within a match
  std::vector<Slot> expired;  ///< tickets whose deadline is reached, by id; they are in no match

  std::span<const Seat> seats_of(const PlannedMatch& match) const {
    return {seats.data() + match.first_seat, match.seats};
  }
};

/// Plans the whole pool, without memory of earlier ticks.
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now);
/// Plans only where something has changed since the last tick. The longest-waiting ticket is passed over in at most
/// kPatienceTicks ticks in a row; other tickets usually are too (step 6a).
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, PlannerMemory& memory);
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, PlannerMemory& memory, Workspace& workspace);

}  // namespace mm::matching
