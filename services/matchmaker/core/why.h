// Why a ticket is still waiting: which rule keeps it, and by how much. From its neighbours in the line, not from a
// search.
#pragma once

#include "services/matchmaker/core/candidates.h"
#include "services/matchmaker/core/plan.h"

namespace mm::matchmaker {

class Reasons {
 public:
  Reasons(const Format& format, const Line& line);

  /// For a ticket of the line that no match took.
  Waiting of(Index ticket) const;

 private:
  int players_within_reach(Index ticket) const;

  const Format& format_;
  const Line& line_;
  std::int64_t everyone_ = 0;  ///< players in the line
};

/// For a ticket that may not play in this region at `now`.
Waiting why_closed(const Pool& pool, Slot slot, BucketMs now);

}  // namespace mm::matchmaker
