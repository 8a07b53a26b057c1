#include "services/matchmaker/waits/wait_estimator.h"

#include <algorithm>
#include <cmath>

#include "services/matchmaker/matching/ticket/premade_offset.h"
#include "services/matchmaker/matching/ticket/rating.h"
#include "services/matchmaker/queue/bucket.h"

namespace mm::matchmaker {
namespace {

/// The rating by which the bucket sorts a party of these players. Waits are kept by this rating.
double sorting_rating(const ModeRules& rules, const WaitEstimator::Kind& kind) {
  return kind.rating + matching::premade_offset(rules, static_cast<std::size_t>(std::max(1, kind.size)));
}

}  // namespace

WaitEstimator::Kind kind_of(const std::vector<TicketPlayer>& players) {
  return {matching::mean_rating(players), static_cast<int>(players.size())};
}

void WaitEstimator::matched(const std::string& bucket, const ModeRules& rules, const Kind& kind, BucketMs waited) {
  const MutexLock lock(mutex_);
  auto& estimates = own_.try_emplace(bucket, rules).first->second.estimates;
  estimates.matched(sorting_rating(rules, kind), kind.size, waited, now());
}

void WaitEstimator::sample_waits(const std::string& bucket, const ModeRules& rules, const matching::Pool& pool,
                                 const std::vector<Departure>& departures, BucketMs bucket_now) {
  Own* own = own_of(bucket);
  if (own == nullptr) {
    if (pool.empty() && departures.empty()) return;
    const MutexLock lock(mutex_);
    own = &own_.try_emplace(bucket, rules).first->second;
  }
  // This visits all waiting tickets. It is done before the lock is taken, because requests wait for the lock.
  WaitingSample sample;
  const BucketMs since_epoch = bucket_now - pool.epoch();
  pool.sorted().for_each([&](const matching::Waiter& waiter) {
    sample.add(matching::points(waiter.rating), waiter.size, since_epoch - waiter.queued);
  });
  {
    const MutexLock lock(mutex_);
    const BucketMs at = now();
    for (const auto& one : departures)
      own->estimates.departed(matching::points(one.rating), one.size, bucket_now - one.queued_at, at);
    own->estimates.waiting(std::move(sample), at);
  }
  refresh_exported(*own);
}

/// Tick thread only, and only for reading without the lock: no other thread inserts or erases.
WaitEstimator::Own* WaitEstimator::own_of(const std::string& bucket) const {
  const auto own = own_.find(bucket);
  return own == own_.end() ? nullptr : &own->second;
}

void WaitEstimator::refresh_exported(Own& own) const {
  if (own.next >= own.kinds.size()) {
    own.kinds = own.estimates.kinds(now());
    if (own.kinds.size() > kMaxExported) own.kinds.resize(kMaxExported);
    own.next = 0;
    std::erase_if(own.exported,
                  [&](const auto& one) { return !std::binary_search(own.kinds.begin(), own.kinds.end(), one.first); });
  }
  for (int i = 0; i < kMaxExportedPerCall && own.next < own.kinds.size(); ++i, ++own.next) {
    const auto& kind = own.kinds[own.next];
    own.exported[kind] = own.estimates.estimate(kind.rating, kind.size, now());
  }
}

WaitEstimate WaitEstimator::estimate(const std::string& bucket, const ModeRules& rules, const Kind& kind,
                                     BucketMs waited) const {
  const auto waited_ms = static_cast<double>(waited);
  const MutexLock lock(mutex_);
  if (const auto own = own_.find(bucket); own != own_.end()) {
    auto& curves = own->second.curves;
    if (curves.size() > kMaxCachedCurves) curves.clear();
    const auto step = static_cast<int>(std::lround(sorting_rating(rules, kind) / kRatingStep));
    auto& [curve, at] = curves[{step, kind.size}];
    if (at == 0 || now() - at > kCurveLifetime) {
      curve = own->second.estimates.curve(step * kRatingStep, kind.size, now());
      at = now();
    }
    return curve.remaining(waited_ms);
  }
  if (const auto learnt = learnt_.find(bucket); learnt != learnt_.end()) {
    const auto known = nearest(learnt->second, sorting_rating(rules, kind), kind.size);
    return WaitCurve::through(known, rules.max_wait_seconds * 1000).remaining(waited_ms);
  }
  return WaitCurve::expected(rules).remaining(waited_ms);
}

WaitEstimate WaitEstimator::nearest(const Learnt& learnt, double rating, int size) {
  constexpr double kOtherSize = 3 * WaitEstimates::kSteps;  // a difference in party size counts as this many points
  const auto unlike = [&](const WaitOfKind& one) {
    return std::fabs(one.rating - rating) + (one.players == size ? 0 : kOtherSize);
  };
  const auto& all = learnt.by_kind;
  const auto best =
      std::min_element(all.begin(), all.end(), [&](const auto& a, const auto& b) { return unlike(a) < unlike(b); });
  if (best == all.end()) return learnt.overall;
  return {static_cast<double>(best->wait_p50_ms), static_cast<double>(best->wait_p90_ms)};
}

WaitEstimate WaitEstimator::overall(const std::string& bucket) const {
  const auto* own = own_of(bucket);
  return own == nullptr ? WaitEstimate{} : own->estimates.overall(now());
}

std::vector<WaitOfKind> WaitEstimator::by_kind(const std::string& bucket) const {
  std::vector<WaitOfKind> all;
  if (const auto* own = own_of(bucket)) {
    for (const auto& [kind, wait] : own->exported) {
      all.push_back(
          {kind.rating, kind.size, static_cast<std::int64_t>(wait.p50_ms), static_cast<std::int64_t>(wait.p90_ms)});
    }
  }
  return all;
}

void WaitEstimator::learn(const std::vector<BucketSummary>& summaries) {
  const MutexLock lock(mutex_);
  for (const auto& summary : summaries) {
    const auto bucket = Bucket{summary.tenant, summary.mode, summary.region, summary.team_size}.text();
    if (summary.wait_p50_ms <= 0) {
      learnt_.erase(bucket);
    } else {
      learnt_[bucket] = {{static_cast<double>(summary.wait_p50_ms), static_cast<double>(summary.wait_p90_ms)},
                         summary.waits};
    }
  }
}

void WaitEstimator::forget(const std::string& bucket) {
  const MutexLock lock(mutex_);
  own_.erase(bucket);
}

}  // namespace mm::matchmaker
