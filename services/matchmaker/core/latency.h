// Where a ticket with measured latencies may play, and from when: only regions under the mode's limit, the best one
// at once, the others as it waits.
#pragma once

#include <optional>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

/// How long such a ticket must have waited before it plays in `region`; nothing if it never may (over the limit, or
/// not measured). Best 20 ms, 25 ms more every 10 s: a region of 40 ms opens after 10 s, one of 46 ms after 20 s.
std::optional<BucketMs> opens_after_ms(const ModeRules& rules, const Latencies& latencies, const Region& region);

}  // namespace mm::matchmaker
