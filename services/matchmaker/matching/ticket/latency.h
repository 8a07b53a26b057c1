// Decides in which regions a ticket with measured latencies may play, and from when: only regions within the mode's
// limit, the region with the lowest latency at once, the others after some wait.
#pragma once

#include <optional>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matching {

/// The wait in milliseconds after which such a ticket may play in `region`; empty if it never may (over the limit, or
/// not measured). Example: lowest latency 20 ms, 25 ms more every 10 s: a region of 40 ms opens after 10 s, one of 46
/// ms after 20 s.
std::optional<BucketMs> opens_after_ms(const ModeRules& rules, const Latencies& latencies, const Region& region);

}  // namespace mm::matching
