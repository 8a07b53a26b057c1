#include "services/matchmaker/wait_board.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/admission.h"
#include "services/matchmaker/bucket.h"

namespace mm::matchmaker {
namespace {

/// Where a party of these players stands in the line: waits are kept by that.
double standing(const ModeRules& rules, const WaitBoard::Kind& kind) {
  if (rules.premade_offset.empty()) return kind.rating;
  const auto at = std::min<std::size_t>(static_cast<std::size_t>(kind.size), rules.premade_offset.size());
  return kind.rating + rules.premade_offset[at == 0 ? 0 : at - 1];
}

}  // namespace

WaitBoard::Kind kind_of(const std::vector<TicketPlayer>& players) {
  return {rating_of_party(players), static_cast<int>(players.size())};
}

void WaitBoard::matched(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited) {
  const std::lock_guard lock(mutex_);
  auto& estimates = own_.try_emplace(bucket, rules).first->second.estimates;
  estimates.matched(standing(rules, kind), kind.size, waited, now());
}

void WaitBoard::see(BucketPool& bucket, BucketMs bucket_now) {
  const Pool& pool = bucket.pool();
  const auto left = bucket.take_left();
  const std::lock_guard lock(mutex_);
  auto own = own_.find(bucket.text());
  if (own == own_.end()) {
    if (pool.empty() && left.empty()) return;
    own = own_.try_emplace(bucket.text(), bucket.rules()).first;
  }
  auto& estimates = own->second.estimates;
  const BucketMs at = now();
  for (const auto& one : left) estimates.left(points(one.rating), one.size, bucket_now - one.queued_at, at);
  estimates.begin_waiting(at);
  const BucketMs since_epoch = bucket_now - pool.epoch();
  pool.line().for_each(
      [&](const Waiter& waiter) { estimates.waits(points(waiter.rating), waiter.size, since_epoch - waiter.queued); });
}

WaitEstimate WaitBoard::estimate(const std::string& bucket, const ModeRules& rules, const Kind& kind,
                                 BucketMs waited) const {
  const auto waited_ms = static_cast<double>(waited);
  const std::lock_guard lock(mutex_);
  if (const auto own = own_.find(bucket); own != own_.end()) {
    auto& said = own->second.said;
    if (said.size() > kSaidMost) said.clear();
    const auto step = static_cast<int>(std::lround(standing(rules, kind) / kRatingStep));
    auto& [curve, at] = said[{step, kind.size}];
    if (at == 0 || now() - at > kSaidFor) {
      curve = own->second.estimates.curve(step * kRatingStep, kind.size, now());
      at = now();
    }
    return curve.remaining(waited_ms);
  }
  if (const auto learnt = learnt_.find(bucket); learnt != learnt_.end()) {
    return WaitCurve::through(learnt->second, rules.max_wait_seconds * 1000).remaining(waited_ms);
  }
  return WaitCurve::expected(rules).remaining(waited_ms);
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
