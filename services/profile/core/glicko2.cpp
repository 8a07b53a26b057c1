#include "services/profile/core/glicko2.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

constexpr double kConvergence = 1e-6;
constexpr int kMaxIterations = 200;  // the paper's examples need fewer than 10
/// The information of a game whose result was certain (a gap of 8,000 points). Smaller values would be lost in
/// rounding.
constexpr double kMinInformation = 1e-20;

/// The evidence of the games, in the letters of the paper: v, and the sum of g (s - E), which is Delta / v.
struct Evidence {
  double v = 0;
  double surprise = 0;
};

Evidence evidence_of(double mu, const std::vector<Glicko2Game>& games) {
  std::vector<double> information;
  std::vector<double> surprise;
  for (const auto& game : games) {
    const double phi = game.deviation / kPointsPerUnit;
    const double g = 1.0 / std::sqrt(1.0 + 3.0 * phi * phi / (std::numbers::pi * std::numbers::pi));
    const double x = g * (mu - (game.rating - 1500.0) / kPointsPerUnit);
    const double expected = 1.0 / (1.0 + std::exp(-x));
    const double tail =
        std::exp(-std::fabs(x));  // for E (1 - E): computed as 1 - E, it would be 0 for strong favourites
    information.push_back(game.weight * g * g * tail / ((1.0 + tail) * (1.0 + tail)));
    surprise.push_back(game.weight * g * (game.score - expected));
  }
  return {1.0 / std::max(sum_of(std::move(information)), kMinInformation), sum_of(std::move(surprise))};
}

/// Step 5: the volatility at which f is 0, by the Illinois algorithm.
double new_volatility(double sigma, double phi, const Evidence& evidence) {
  const double a = std::log(sigma * sigma);
  const double delta_squared = std::pow(evidence.v * evidence.surprise, 2);
  const double variance = phi * phi + evidence.v;
  const auto f = [&](double x) {
    const double e = std::exp(x);
    return e * (delta_squared - variance - e) / (2.0 * std::pow(variance + e, 2)) - (x - a) / (kTau * kTau);
  };
  double left = a;
  double right = delta_squared > variance ? std::log(delta_squared - variance) : a - kTau;
  if (delta_squared <= variance) {
    for (int k = 2; f(right) < 0 && k < kMaxIterations; ++k) right = a - k * kTau;
  }
  double f_left = f(left);
  double f_right = f(right);
  for (int i = 0; i < kMaxIterations && std::fabs(right - left) > kConvergence; ++i) {
    const double middle = left + (left - right) * f_left / (f_right - f_left);
    const double f_middle = f(middle);
    if (f_middle * f_right <= 0) {
      left = right;
      f_left = f_right;
    } else {
      f_left /= 2;
    }
    right = middle;
    f_right = f_middle;
  }
  return std::clamp(std::exp(left / 2), kMinVolatility, kMaxVolatility);
}

/// A side at the beginning of the match's rating period.
struct Team {
  double size;
  double mean;          ///< of its ratings
  double variance_sum;  ///< of its deviations squared
};

Team team_of(const std::vector<Rated>& side, TimePoint onset) {
  std::vector<double> variances;
  for (const auto& player : side) variances.push_back(std::pow(grown_deviation(player, onset), 2));
  return {static_cast<double>(side.size()), mean_points(side), sum_of(std::move(variances))};
}

/// Whether the result compares these two sides. It does not compare two losers.
bool result_compares(std::size_t side, std::size_t other, std::optional<std::size_t> winner) {
  return !winner || winner == side || winner == other;
}

/// The duel that is as hard for this player as the match against `other` was (glicko2.h).
Glicko2Game composite_of(const Glicko2Player& player, const Team& own, const Team& other) {
  const double n = (own.size + other.size) / 2;
  const double mates = std::max(0.0, own.variance_sum - player.deviation * player.deviation);
  const double variance = std::pow(n / own.size, 2) * mates + std::pow(n / other.size, 2) * other.variance_sum;
  const double of_performance = (n - 1) * std::pow(kPointsPerUnit * std::numbers::pi, 2) / 3;
  return {player.rating + n * (other.mean - own.mean), std::sqrt(variance + of_performance)};
}

/// How much of the period that ends with the match has passed since the last match. All of it if there was none.
double periods_since(const Rated& player, TimePoint ended_at) {
  if (!player.deviation_at) return 1;
  const auto elapsed = static_cast<double>((ended_at - *player.deviation_at).count());
  return std::clamp(elapsed / static_cast<double>(kRatingPeriod.count()), 0.0, 1.0);
}

Rated rated_after(const Rated& before, const Glicko2Player& moved, TimePoint ended_at) {
  Rated after = before;
  after.mmr = stored_rating(moved.rating);
  after.deviation = stored_deviation(moved.deviation);
  after.volatility = stored_volatility(moved.volatility);
  after.deviation_at = deviation_time(before, ended_at);
  return after;
}

}  // namespace

Glicko2Player glicko2(const Glicko2Player& player, const std::vector<Glicko2Game>& games, double periods) {
  const double mu = (player.rating - 1500.0) / kPointsPerUnit;
  const double phi = player.deviation / kPointsPerUnit;
  const auto evidence = evidence_of(mu, games);
  const double sigma = new_volatility(player.volatility, phi, evidence);
  const double widest = to_points(kMaxDeviation) / kPointsPerUnit;
  const double before = std::min(widest, std::sqrt(phi * phi + periods * sigma * sigma));
  const double after = 1.0 / std::sqrt(1.0 / (before * before) + 1.0 / evidence.v);
  // The change is added in points. Converting the rating to Glicko's scale and back could change it by rounding.
  return {player.rating + kPointsPerUnit * after * after * evidence.surprise, kPointsPerUnit * after, sigma};
}

Sides rate_by_glicko2(const Sides& sides, const MatchOutcome& outcome, double weight) {
  const auto onset = outcome.ended_at - kRatingPeriod;
  std::vector<Team> teams;
  for (const auto& side : sides) teams.push_back(team_of(side, onset));
  Sides after;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    auto& rated = after.emplace_back();
    for (const auto& before : sides[i]) {
      const Glicko2Player player{to_points(before.mmr), grown_deviation(before, onset), volatility_of(before)};
      std::vector<Glicko2Game> games;
      for (std::size_t j = 0; j < sides.size(); ++j) {
        if (j == i || !result_compares(i, j, outcome.winner)) continue;
        auto& game = games.emplace_back(composite_of(player, teams[i], teams[j]));
        game.score = score_against(i, j, outcome.winner);
        game.weight = weight / static_cast<double>(sides.size() - 1);
      }
      const auto moved = glicko2(player, games, periods_since(before, outcome.ended_at));
      rated.push_back(rated_after(before, moved, outcome.ended_at));
    }
  }
  return after;
}

}  // namespace mm::profile
