// One tick of one bucket: who plays whom, who has waited in vain, and why the others still wait.
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

#include "common/contracts/enum_text.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/pool.h"
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
  double win_probability =
      0;  ///< of team 0 against team 1; with more than two teams, of the strongest against the weakest
};

/// The rule that keeps a ticket waiting.
enum class Binding {
  window,   ///< the nearest ticket is outside the window of one of the two, by `by` rating points
  players,  ///< `by` more players are needed within reach (or these sizes fill no teams: 0)
  latency,  ///< this region opens to the ticket in `by` seconds (never: infinity)
  outbid,   ///< there was a match for it, but its partners had a better one
};

struct Waiting {
  Slot slot;
  Binding binding;
  float by;
};

struct TickPlan {
  std::vector<PlannedMatch> matches;  ///< lowest rated first
  std::vector<Seat> seats;            ///< of all matches; within one by team
  std::vector<Slot> expired;          ///< deadline reached; in no match
  std::vector<Waiting> waiting;       ///< everyone else, by rating; last those to whom the region is closed

  std::span<const Seat> seats_of(const PlannedMatch& match) const {
    return {seats.data() + match.first_seat, match.seats};
  }
};

/// The whole pool from nothing.
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now);
/// The same, working only where something changed since the last tick, and with no ticket passed over for more than
/// kPatienceTicks ticks in a row.
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory);
TickPlan plan(const Pool& pool, const ModeRules& rules, BucketMs now, Memory& memory, Workspace& workspace);

}  // namespace mm::matchmaker

namespace mm {

template <>
struct EnumText<matchmaker::Binding> {
  static constexpr std::array<std::pair<matchmaker::Binding, std::string_view>, 4> kAll{{
      {matchmaker::Binding::window, "window"},
      {matchmaker::Binding::players, "players"},
      {matchmaker::Binding::latency, "latency"},
      {matchmaker::Binding::outbid, "outbid"},
  }};
};

}  // namespace mm
