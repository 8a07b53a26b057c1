#include "services/profile/core/elo.h"

#include <algorithm>
#include <cmath>

namespace mm::profile {
namespace {

/// The mean of an integer sum: one division, so that equal sides have exactly equal means.
double mean_points(const std::vector<Rated>& side) {
  Hundredths sum = 0;
  for (const auto& player : side) sum += player.mmr;
  return static_cast<double>(sum) / 100.0 / static_cast<double>(side.size());
}

double factor_of(const Sides& sides) {
  double sum = 0;
  double players = 0;
  for (const auto& side : sides) {
    for (const auto& player : side) sum += player.games < kGamesOfNewPlayers ? kFactorOfNewPlayers : kFactor;
    players += static_cast<double>(side.size());
  }
  return sum / players;
}

double score(std::size_t side, std::size_t other, std::optional<std::size_t> winner) {
  if (winner == side) return 1;
  if (winner == other) return 0;
  return 0.5;
}

/// What each side gets in total, in hundredths but not yet rounded. Each pair gives one what it takes from the other.
std::vector<double> totals(const Sides& sides, std::optional<std::size_t> winner) {
  const double factor = factor_of(sides);
  const double opponents = static_cast<double>(sides.size() - 1);
  std::vector<double> totals(sides.size(), 0.0);
  for (std::size_t i = 0; i < sides.size(); ++i) {
    for (std::size_t j = i + 1; j < sides.size(); ++j) {
      const double expected = expected_score(mean_points(sides[i]), mean_points(sides[j]));
      const double players = static_cast<double>(std::min(sides[i].size(), sides[j].size()));
      const double moved = 100.0 * factor * (score(i, j, winner) - expected) * players / opponents;
      totals[i] += moved;
      totals[j] -= moved;
    }
  }
  return totals;
}

}  // namespace

double expected_score(double own, double other) { return 1.0 / (1.0 + std::pow(10.0, (other - own) / 400.0)); }

Changes elo_changes(const Sides& sides, std::optional<std::size_t> winner) {
  const auto total = totals(sides, winner);
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

}  // namespace mm::profile
