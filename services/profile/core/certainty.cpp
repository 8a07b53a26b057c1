#include "services/profile/core/certainty.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/contracts/deviation.h"

namespace mm::profile {

static_assert(to_points(kInitialRating) == kInitialMmr && to_points(kMaxDeviation) == kInitialDeviation);

double deviation_growth(const Rated& player) {
  constexpr double kPeriodDays = static_cast<double>(kRatingPeriod.count()) / 86'400'000.0;
  return volatility_of(player) * kPointsPerUnit / std::sqrt(kPeriodDays);
}

double grown_deviation(const Rated& player, TimePoint when) {
  if (!player.deviation_at) return to_points(player.deviation);
  return deviation_after(to_points(player.deviation), deviation_growth(player), when - *player.deviation_at);
}

Hundredths stored_deviation(double points) {
  return std::clamp<Hundredths>(std::llround(points * 100.0), kMinDeviation, kMaxDeviation);
}

Hundredths stored_rating(double points) { return std::llround(points * 100.0); }

Billionths stored_volatility(double volatility) { return std::llround(volatility * 1e9); }

TimePoint deviation_time(const Rated& player, TimePoint ended_at) {
  return player.deviation_at ? std::max(*player.deviation_at, ended_at) : ended_at;
}

double sum_of(std::vector<double> terms) {
  std::sort(terms.begin(), terms.end());
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

double mean_points(const std::vector<Rated>& side) {
  Hundredths sum = 0;
  for (const auto& player : side) sum += player.mmr;
  return static_cast<double>(sum) / 100.0 / static_cast<double>(side.size());
}

double score_against(std::size_t side, std::size_t other, std::optional<std::size_t> winner) {
  if (winner == side) return 1;
  if (winner == other) return 0;
  return 0.5;
}

}  // namespace mm::profile
