#include "services/profile/core/elo.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

using Changes = std::vector<std::vector<Hundredths>>;

double factor_of(const Sides& sides) {
  double sum = 0;
  double players = 0;
  for (const auto& side : sides) {
    for (const auto& player : side) sum += player.games < kGamesOfNewPlayers ? kFactorOfNewPlayers : kFactor;
    players += static_cast<double>(side.size());
  }
  return sum / players;
}

/// The total change of each side, in hundredths, not rounded. In each pair one side gains what the other loses.
std::vector<double> totals(const Sides& sides, std::optional<std::size_t> winner, double factor) {
  const double opponents = static_cast<double>(sides.size() - 1);
  std::vector<double> totals(sides.size(), 0.0);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    for (std::size_t j = i + 1; j < sides.size(); ++j) {
      const double expected = expected_score(mean_points(sides[i]), mean_points(sides[j]));
      const double players = static_cast<double>(std::min(sides[i].size(), sides[j].size()));
      const double moved = 100.0 * factor * (score_against(i, j, winner) - expected) * players / opponents;
      totals[i] += moved;
      totals[j] -= moved;
    }
  }
  return totals;
}

Changes changes_of(const Sides& sides, const std::vector<double>& total) {
  Changes changes;
  Hundredths sum = 0;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto players = sides[i].size();
    const Hundredths each = std::llround(total[i] / static_cast<double>(players));
    changes.emplace_back(players, each);
    sum += each * static_cast<Hundredths>(players);
  }
  changes.back().back() -= sum;
  return changes;
}

/// The variance of each rating when the match ended, in points squared.
std::vector<std::vector<double>> variances_of(const Sides& sides, TimePoint ended_at) {
  std::vector<std::vector<double>> variances;
  for (const auto& side : sides) {
    auto& own = variances.emplace_back();
    for (const auto& player : side) own.push_back(std::pow(grown_deviation(player, ended_at), 2));
  }
  return variances;
}

/// The effect of one match on the errors of a side's ratings: the sums of elo.h.
struct Errors {
  double corrected = 0;      ///< w s, over the pairs
  double of_the_result = 0;  ///< w sqrt(E (1 - E)), over the pairs
};

/// The factor g of elo.h: how much flatter the curve is because the gap between the sides is uncertain.
double flattened(double gap_variance) {
  constexpr double kPerPoint = std::numbers::ln10 / 400.0;
  const double uncertainty = kPerPoint * kPerPoint * gap_variance;
  return 1.0 / std::sqrt(1.0 + 3.0 * uncertainty / (std::numbers::pi * std::numbers::pi));
}

/// `sums`: the sum of the variances of each side.
Errors errors_of(const Sides& sides, std::size_t i, const std::vector<double>& sums, double factor) {
  const double opponents = static_cast<double>(sides.size() - 1);
  const double size = static_cast<double>(sides[i].size());
  std::vector<double> corrected;
  std::vector<double> luck;
  for (std::size_t j = 0; j < sides.size(); ++j) {
    if (j == i) continue;
    const double expected = expected_score(mean_points(sides[i]), mean_points(sides[j]));
    const double spread = expected * (1 - expected);
    const double other_size = static_cast<double>(sides[j].size());
    const double w = factor * std::min(1.0, other_size / size) / opponents;
    const double g = flattened(sums[i] / (size * size) + sums[j] / (other_size * other_size));
    corrected.push_back(w * g * spread * std::numbers::ln10 / 400.0);
    luck.push_back(w * std::sqrt(spread));
  }
  return {sum_of(std::move(corrected)), sum_of(std::move(luck))};
}

}  // namespace

double expected_score(double own, double other) { return 1.0 / (1.0 + std::pow(10.0, (other - own) / 400.0)); }

Sides rate_by_elo(const Sides& sides, const MatchOutcome& outcome, double weight) {
  const double factor = factor_of(sides) * weight;
  const auto changes = changes_of(sides, totals(sides, outcome.winner, factor));
  const auto variances = variances_of(sides, outcome.ended_at);
  std::vector<double> sums;
  for (const auto& own : variances) sums.push_back(sum_of(own));
  Sides after = sides;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto errors = errors_of(sides, i, sums, factor);
    const double kept = std::max(0.0, 1 - 2 * errors.corrected / static_cast<double>(sides[i].size()));
    for (std::size_t slot = 0; slot < sides[i].size(); ++slot) {
      const double variance = kept * variances[i][slot] + errors.of_the_result * errors.of_the_result;
      auto& player = after[i][slot];
      player.mmr += changes[i][slot];
      player.deviation = stored_deviation(std::sqrt(variance));
      player.deviation_at = deviation_time(player, outcome.ended_at);
    }
  }
  return after;
}

}  // namespace mm::profile
