#include "services/matchmaker/matching/ticket/latency.h"

#include <algorithm>
#include <cmath>

namespace mm::matching {

std::optional<BucketMs> opens_after_ms(const ModeRules& rules, const Latencies& latencies, const Region& region) {
  const auto here = latencies.find(region);
  if (here == latencies.end()) return std::nullopt;
  if (rules.max_latency_ms && here->second > *rules.max_latency_ms) return std::nullopt;
  double best = here->second;
  for (const auto& [name, latency] : latencies) best = std::min(best, latency);
  const double above = here->second - best;
  if (above <= 0) return 0;
  if (rules.latency_step_ms <= 0) return std::nullopt;
  const double steps = std::ceil(above / rules.latency_step_ms - 1e-9);
  return static_cast<BucketMs>(std::llround(steps * rules.latency_step_seconds * 1000));
}

}  // namespace mm::matching
