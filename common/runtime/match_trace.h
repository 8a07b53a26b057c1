// The trace of a match. Ten players ask for it in ten traces, so it has one of its own from the moment it is found: its
// id, which all daemons know. Every log line and event of a match is of this trace.
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
