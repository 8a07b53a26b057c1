#include "services/profile/core/weng_lin.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

constexpr double kKappa = 0.0001;
constexpr double kPointsPerSkill = 42;  // 350 / (25 / 3)
constexpr double kPointsOfNoSkill = 1500 - 25 * kPointsPerSkill;

/// A side as one player: mu_i, sigma_i^2 and r(i) of the paper, and e^(mu_i / c).
struct Side {
  double mu = 0;
  double variance = 0;
  int rank = 0;
  double strength = 0;
};

/// The change of a side by the match: Omega_i and Delta_i of the paper.
struct Step {
  double omega = 0;
  double delta = 0;
};

std::vector<Side> summed(const std::vector<std::vector<Skill>>& sides, const std::vector<int>& ranks) {
  std::vector<Side> all;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    std::vector<double> mus;
    std::vector<double> variances;
    for (const auto& player : sides[i]) {
      mus.push_back(player.mu);
      variances.push_back(player.sigma * player.sigma);
    }
    all.push_back({sum_of(std::move(mus)), sum_of(std::move(variances)), ranks[i], 0});
  }
  return all;
}

/// c of the paper.
double scale_of(const std::vector<Side>& sides, const PlackettLuce& model) {
  std::vector<double> variances;
  for (const auto& side : sides) variances.push_back(side.variance + model.beta * model.beta);
  return model.scale * std::sqrt(sum_of(std::move(variances)));
}

/// Only ratios of strengths matter, so the largest strength is scaled to 1: none overflows.
void measure_strengths(std::vector<Side>& sides, double c) {
  double most = sides.front().mu;
  for (const auto& side : sides) most = std::max(most, side.mu);
  for (auto& side : sides) side.strength = std::exp((side.mu - most) / c);
}

/// The chance that side `i` is chosen among the sides that are not ranked before `q`, and how many sides tie with `q`.
struct Choice {
  double chance;
  double tied;
};

Choice choice_of(const std::vector<Side>& sides, std::size_t i, std::size_t q) {
  std::vector<double> left;
  double tied = 0;
  for (const auto& side : sides) {
    if (side.rank >= sides[q].rank) left.push_back(side.strength);
    if (side.rank == sides[q].rank) tied += 1;
  }
  const double count = static_cast<double>(left.size());
  const double sum = sum_of(std::move(left));
  // Compared with the strongest side, the strengths of all sides left may be 0: then each is equally likely.
  if (sum <= 0) return {1.0 / count, tied};
  return {sides[i].strength / sum, tied};
}

Step step_of(const std::vector<Side>& sides, std::size_t i, double c, bool damped) {
  std::vector<double> omegas;
  std::vector<double> deltas;
  for (std::size_t q = 0; q < sides.size(); ++q) {
    if (sides[q].rank > sides[i].rank) continue;
    const auto choice = choice_of(sides, i, q);
    omegas.push_back(((q == i ? 1.0 : 0.0) - choice.chance) / choice.tied);
    deltas.push_back(choice.chance * (1 - choice.chance) / choice.tied);
  }
  const double variance = sides[i].variance;
  const double gamma = damped ? std::sqrt(variance) / c : 1;
  return {variance / c * sum_of(std::move(omegas)), gamma * variance / (c * c) * sum_of(std::move(deltas))};
}

/// The parameters with which modes are rated, for sides of these sizes.
PlackettLuce model_for(const Sides& sides, double weight) {
  double players = 0;
  for (const auto& side : sides) players += static_cast<double>(side.size());
  const double one = kPointsPerUnit * std::numbers::pi / std::sqrt(6.0) / kPointsPerSkill;
  PlackettLuce model;
  model.beta = one * std::sqrt(players / static_cast<double>(sides.size()));
  model.scale = std::numbers::sqrt3 / std::numbers::pi;
  model.damped = false;
  model.weight = weight;
  return model;
}

std::vector<int> ranks_of(std::size_t sides, std::optional<std::size_t> winner) {
  std::vector<int> ranks(sides, 2);
  if (winner) ranks[*winner] = 1;
  return ranks;
}

}  // namespace

std::vector<std::vector<Skill>> plackett_luce(const std::vector<std::vector<Skill>>& sides,
                                              const std::vector<int>& ranks, const PlackettLuce& model) {
  auto all = summed(sides, ranks);
  const double c = scale_of(all, model);
  measure_strengths(all, c);
  auto after = sides;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const auto step = step_of(all, i, c, model.damped);
    for (auto& player : after[i]) {
      const double part = player.sigma * player.sigma / all[i].variance;
      player.mu += part * step.omega * model.weight;
      player.sigma *= std::pow(std::max(1 - part * step.delta, kKappa), model.weight / 2);
    }
  }
  return after;
}

Sides rate_by_weng_lin(const Sides& sides, const MatchOutcome& outcome, double weight) {
  std::vector<std::vector<Skill>> before;
  for (const auto& side : sides) {
    auto& skills = before.emplace_back();
    for (const auto& player : side) {
      skills.push_back({(to_points(player.mmr) - kPointsOfNoSkill) / kPointsPerSkill,
                        grown_deviation(player, outcome.ended_at) / kPointsPerSkill});
    }
  }
  const auto moved = plackett_luce(before, ranks_of(sides.size(), outcome.winner), model_for(sides, weight));
  Sides after = sides;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    for (std::size_t slot = 0; slot < sides[i].size(); ++slot) {
      auto& player = after[i][slot];
      // Only the change is converted back to points, so no change is exactly 0.
      player.mmr += stored_rating((moved[i][slot].mu - before[i][slot].mu) * kPointsPerSkill);
      player.deviation = stored_deviation(moved[i][slot].sigma * kPointsPerSkill);
      player.deviation_at = deviation_time(player, outcome.ended_at);
    }
  }
  return after;
}

}  // namespace mm::profile
