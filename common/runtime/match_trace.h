// The trace of a match. The requests of its players belong to different traces, so a match has its own trace from the
// moment it is found. The trace id is the match id, which all daemons know. Log lines and events of the match use it.
#pragma once

#include <algorithm>

#include "common/base/id.h"
#include "common/runtime/trace.h"

namespace mm::trace {

inline Context of_match(MatchId match) {
  Context context = new_trace();
  std::copy(match.uuid().bytes.begin(), match.uuid().bytes.end(), context.trace_id.begin());
  return context;
}

}  // namespace mm::trace
