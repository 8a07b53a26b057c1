#include "services/profile/core/margin.h"

#include <algorithm>
#include <cmath>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

constexpr double kMaxLead = 1'000;  // rating points; larger leads are corrected as this one

/// The winner's mean rating minus the mean of the other sides' means.
double lead_of(const Sides& sides, std::size_t winner) {
  std::vector<double> others;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (i != winner) others.push_back(mean_points(sides[i]));
  }
  const double count = static_cast<double>(others.size());
  return std::clamp(mean_points(sides[winner]) - sum_of(std::move(others)) / count, -kMaxLead, kMaxLead);
}

}  // namespace

int margin_of(const std::vector<std::optional<double>>& scores, std::optional<std::size_t> winner,
              double margin_weight) {
  if (!winner || *winner >= scores.size()) return 0;
  double best_other = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i] || !std::isfinite(*scores[i]) || *scores[i] < 0) return 0;
    if (i != *winner) best_other = std::max(best_other, *scores[i]);
  }
  const double own = *scores[*winner];
  if (own <= best_other) return 0;
  const double ratio = best_other / own;  // (own - other) / (own + other), without a sum that may overflow
  return static_cast<int>(std::lround(1000.0 * margin_weight * (1 - ratio) / (1 + ratio)));
}

double match_weight(const Sides& sides, const MatchOutcome& outcome) {
  if (!outcome.winner || outcome.margin <= 0) return 1;
  return 1 + outcome.margin / 1000.0 * 2.2 / (2.2 + 0.001 * lead_of(sides, *outcome.winner));
}

}  // namespace mm::profile
