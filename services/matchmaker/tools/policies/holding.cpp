#include "services/matchmaker/tools/policies/holding.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/core/quality.h"

namespace mm::matchmaker::tools {
namespace {

constexpr double kLongestShare = 0.125;  // of the widening time

}  // namespace

void Arrivals::note(BucketMs at, double rating) {
  if (first_ < 0) first_ = at;
  seen_.emplace_back(at, rating);
  while (seen_.front().first < at - kRemembered) seen_.pop_front();
}

double Arrivals::density(double rating, BucketMs now) const {
  double near = 0;
  for (const auto& [at, there] : seen_) {
    if (at >= now - kRemembered && std::fabs(there - rating) <= kAround) ++near;
  }
  const BucketMs looked_at = std::clamp<BucketMs>(now - first_, 1000, kRemembered);
  return near / (2 * kAround) / (static_cast<double>(looked_at) / 1000);
}

double gain_per_second(const Prospect& prospect, double density) {
  const double k = prospect.tickets;
  if (k < 2) return 0;
  return density * prospect.spread * (k + 1) / (k * (k - 1)) * (1 - prospect.quality);
}

double cost_per_second(const ModeRules& rules) { return kWaitWeight / rules.widen_seconds; }

bool worth_holding(const Prospect& prospect, const ModeRules& rules, double density) {
  if (!rules.use_rating) return false;
  const double longest_ms = rules.widen_seconds * 1000 * kLongestShare;
  if (static_cast<double>(prospect.waited_ms) >= longest_ms) return false;
  return gain_per_second(prospect, density) > cost_per_second(rules);
}

}  // namespace mm::matchmaker::tools
