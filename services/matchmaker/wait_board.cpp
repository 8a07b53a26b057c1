#include "services/matchmaker/wait_board.h"

#include <cmath>

#include "services/matchmaker/bucket.h"

namespace mm::matchmaker {

void WaitBoard::record(const std::string& bucket, const ModeRules& rules, double rating, BucketMs waited) {
  const std::lock_guard lock(mutex_);
  own_.try_emplace(bucket, rules).first->second.estimates.record(rating, waited, now());
}

WaitEstimate WaitBoard::estimate(const std::string& bucket, const ModeRules& rules, double rating) const {
  const std::lock_guard lock(mutex_);
  if (const auto own = own_.find(bucket); own != own_.end()) {
    const auto step = static_cast<int>(std::lround(rating / kRatingStep));
    auto& said = own->second.said[step];
    if (said.at == 0 || now() - said.at > kSaidFor) {
      said = {own->second.estimates.estimate(step * kRatingStep, now()), now()};
    }
    return said.estimate;
  }
  if (const auto learnt = learnt_.find(bucket); learnt != learnt_.end()) return learnt->second;
  return WaitEstimates(rules).estimate(rating, now());
}

WaitEstimate WaitBoard::overall(const std::string& bucket) const {
  const std::lock_guard lock(mutex_);
  const auto own = own_.find(bucket);
  return own == own_.end() ? WaitEstimate{} : own->second.estimates.overall(now());
}

void WaitBoard::learn(const std::vector<BucketSummary>& summaries) {
  const std::lock_guard lock(mutex_);
  for (const auto& summary : summaries) {
    const auto bucket = Bucket{summary.tenant, summary.mode, summary.region, summary.team_size}.text();
    if (summary.wait_p50_ms <= 0) {
      learnt_.erase(bucket);
    } else {
      learnt_[bucket] = {static_cast<double>(summary.wait_p50_ms), static_cast<double>(summary.wait_p90_ms)};
    }
  }
}

void WaitBoard::forget(const std::string& bucket) {
  const std::lock_guard lock(mutex_);
  own_.erase(bucket);
}

}  // namespace mm::matchmaker
