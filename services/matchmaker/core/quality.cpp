#include "services/matchmaker/core/quality.h"

#include <cmath>
#include <numbers>

namespace mm::matchmaker {
namespace {

constexpr double kScale = 1000;
constexpr double kKnee = kScale / 2;  // where the straight line meets the tail

}  // namespace

double advantage(const TeamStrength& a, const TeamStrength& b, int team_size) {
  const double performance = 2 * kBeta * kBeta * team_size;
  return (a.rating_sum - b.rating_sum) / std::sqrt(performance + a.variance_sum + b.variance_sum);
}

double win_probability(double advantage) { return 0.5 * std::erfc(-advantage / std::numbers::sqrt2); }

double quality(double spread, double advantage) {
  const double as_duel = std::numbers::sqrt2 * kBeta * std::fabs(advantage);
  const double x = (spread + as_duel) / 2;
  return x <= kKnee ? 1 - x / kScale : kKnee * kKnee / (kScale * x);
}

double waiting_bonus(BucketMs waited_ms, double widen_seconds) {
  if (waited_ms <= 0) return 0;
  const double waited = static_cast<double>(waited_ms);
  return kWaitWeight * waited / (waited + widen_seconds * 1000);
}

}  // namespace mm::matchmaker
