// Determines which rule keeps a ticket waiting, and by how much. Looks at the neighbours in the sorted list, without a
// search; explain.h gives more detail and takes longer.
#pragma once

#include "common/contracts/enum_text.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/matching/search/planner_memory.h"

namespace mm::matching {

/// The rule that keeps a ticket waiting.
enum class BlockingRule {
  window,   ///< the nearest ticket and this one do not accept each other: one window is too small by `by` points
  players,  ///< `by` more players are needed who accept this ticket and are accepted; 0: there are enough, but they do
            ///< not all accept each other, or their party sizes do not fill the teams
  latency,  ///< this region opens to the ticket, or to enough of its neighbours, in `by` seconds (infinity: never)
  outbid,   ///< there was a match for it, but its partners had a better one
};

struct WaitReason {
  BlockingRule rule;
  float by;
};

/// Explains a ticket that the last plan of this pool, with this memory, left waiting.
WaitReason why_waiting(const Pool& pool, const ModeRules& rules, BucketMs now, const PlannerMemory& memory, Slot slot);

}  // namespace mm::matching

namespace mm {

template <>
struct EnumText<matching::BlockingRule> {
  static constexpr std::array<std::pair<matching::BlockingRule, std::string_view>, 4> kAll{{
      {matching::BlockingRule::window, "window"},
      {matching::BlockingRule::players, "players"},
      {matching::BlockingRule::latency, "latency"},
      {matching::BlockingRule::outbid, "outbid"},
  }};
};

}  // namespace mm
