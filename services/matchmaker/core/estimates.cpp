#include "services/matchmaker/core/estimates.h"

#include <algorithm>
#include <cmath>

namespace mm::matchmaker {
namespace {

constexpr BucketMs kRecent = 10 * 60 * 1000;
constexpr std::size_t kNearest = 64;  // samples that speak for a rating

/// The waits' nearest-rank quantile; `waits` is reordered.
double quantile(std::vector<float>& waits, double share) {
  const auto rank = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(waits.size())) - 1);
  const auto place = waits.begin() + std::max<std::ptrdiff_t>(0, rank);
  std::nth_element(waits.begin(), place, waits.end());
  return static_cast<double>(*place);
}

}  // namespace

WaitEstimates::WaitEstimates(const ModeRules& rules)
    : expected_ms_(rules.widen_seconds * 1000), longest_ms_(rules.max_wait_seconds * 1000) {}

void WaitEstimates::record(double rating, BucketMs waited_ms, BucketMs matched_at) {
  const Sample sample{static_cast<float>(rating), static_cast<float>(std::max<BucketMs>(0, waited_ms)), matched_at};
  if (ring_.size() < kKept) {
    ring_.push_back(sample);
  } else {
    ring_[next_] = sample;
    next_ = (next_ + 1) % kKept;
  }
}

WaitEstimate WaitEstimates::estimate(double rating, BucketMs now) const {
  std::vector<std::pair<float, float>> near;  // distance, wait
  for (const Sample& sample : ring_) {
    if (now - sample.matched_at > kRecent) continue;
    near.emplace_back(std::fabs(sample.rating - static_cast<float>(rating)), sample.waited_ms);
  }
  if (near.size() > kNearest) {
    std::nth_element(near.begin(), near.begin() + kNearest, near.end());
    near.resize(kNearest);
  }
  std::vector<float> waits;
  for (const auto& [distance, wait] : near) waits.push_back(wait);
  // A few samples say little: until there are kFew, what the rules let expect fills up the rest.
  constexpr std::size_t kFew = 4;
  const std::size_t missing = waits.size() < kFew ? kFew - waits.size() : 0;
  for (std::size_t i = 0; i < missing; ++i) {
    waits.push_back(static_cast<float>(i % 2 == 0 ? expected_ms_ / 2 : expected_ms_));
  }
  const double p50 = quantile(waits, 0.5);
  const double p90 = quantile(waits, 0.9);
  return {std::min(p50, longest_ms_), std::min(p90, longest_ms_)};
}

WaitEstimate WaitEstimates::overall(BucketMs now) const {
  std::vector<float> waits;
  for (const Sample& sample : ring_) {
    if (now - sample.matched_at <= kRecent) waits.push_back(sample.waited_ms);
  }
  if (waits.empty()) return {};
  return {quantile(waits, 0.5), quantile(waits, 0.9)};
}

}  // namespace mm::matchmaker
