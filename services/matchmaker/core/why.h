// Why a ticket is still waiting: which rule keeps it, and by how much. From its neighbours in the line, not from a
// search; explain.h says more, and takes longer.
#pragma once

#include "common/contracts/enum_text.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/pool.h"

namespace mm::matchmaker {

/// The rule that keeps a ticket waiting.
enum class Binding {
  window,   ///< the nearest ticket is outside the window of one of the two, by `by` rating points
  players,  ///< `by` more players are needed who accept it and are accepted; 0: there are enough, but not all of them
            ///< accept each other, or their party sizes fill no teams
  latency,  ///< this region opens to the ticket in `by` seconds (never: infinity), or to enough of its neighbours
  outbid,   ///< there was a match for it, but its partners had a better one
};

struct Waiting {
  Binding binding;
  float by;
};

/// For a ticket that the last plan of this pool (with this memory) left.
Waiting why_waiting(const Pool& pool, const ModeRules& rules, BucketMs now, const Memory& memory, Slot slot);

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
