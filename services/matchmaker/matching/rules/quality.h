// Formulas for the value of a match: how even the teams are, how close the ratings are, and how long the players have
// waited. All formulas of the planner that are a design choice are in this file.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::matching {

/// The standard deviation of one player's performance in one game, in rating points. 200 is the class interval of Arpad
/// Elo's scale ("The Rating of Chessplayers, Past and Present", 1978). The name beta is from TrueSkill (Herbrich,
/// Minka, Graepel: "TrueSkill: A Bayesian Skill Rating System", 2006). A player rated 200 points higher wins a duel
/// with probability Phi(200 / 282.84) = 76 %, as in Elo's table.
inline constexpr double kBeta = 200;

/// The strength of one team: the sums of its players' ratings (points) and of their squared deviations (square points).
struct TeamStrength {
  double rating_sum = 0;
  double variance_sum = 0;
};

/// By how many standard deviations `a` is expected to outplay `b`, for teams of n players each:
/// (mu_a - mu_b) / sqrt(n * 2 beta^2 + sum sigma^2).
inline double advantage(const TeamStrength& a, const TeamStrength& b, int team_size) {
  const double performance = 2 * kBeta * kBeta * team_size;
  return (a.rating_sum - b.rating_sum) / std::sqrt(performance + a.variance_sum + b.variance_sum);
}

/// P(a beats b) = Phi(advantage). Worked: 1v1, 1600 against 1500, deviations 0: Phi(100 / 282.84) = 0.6382; with
/// deviations of 350 on both sides Phi(100 / 570.09) = 0.5696; 5v5 of means 1510 and 1500, deviations 0:
/// Phi(50 / 632.46) = 0.5315.
double win_probability(double advantage);

/// The quality of a match, in (0, 1]. It is 1 only for even teams and spread 0. It falls strictly with the spread
/// (highest minus lowest ticket rating, in points) and with the advantage of the stronger team.
///
/// Both inputs are first converted to points: the advantage becomes the rating gap of an equally one-sided duel between
/// players with deviation 0, sqrt(2) * beta * |advantage|. x is the mean of this gap and the spread. Then
///   quality = 1 - x / 1000 up to 500 points, and 250 / x beyond.
/// Almost all matches are in the linear part. It is linear because a sum of linear functions is greatest where the sum
/// of the gaps is least, so no pair gets a poor match to make another one perfect. The part beyond 500 points continues
/// with the same slope and never reaches 0.
///
/// Worked: spread 0, even teams: 1. A duel of 100 points, deviations 0: x = (100 + 100) / 2, quality 0.9. 5v5, spread
/// 84, means 1508.2 and 1506.9, deviations 0: advantage 6.5 / 632.46 = 0.010277, as a duel 2.907 points, x = 43.45,
/// quality 0.9565. A duel of 800 points, deviations 0: 250 / 800 = 0.3125.
inline double quality(double spread, double advantage) {
  constexpr double kScale = 1000;
  constexpr double kKnee = kScale / 2;  // where the linear part ends
  const double as_duel = std::numbers::sqrt2 * kBeta * std::fabs(advantage);
  const double x = (spread + as_duel) / 2;
  // One division and no branch for both parts, so that the compiler can vectorise loops over many matches.
  const bool straight = x <= kKnee;
  const double scaled = kScale * x;
  const double part = (straight ? x : kKnee * kKnee) / (straight ? kScale : scaled);
  const double lacking = 1 - part;
  return straight ? lacking : part;
}

/// What the wait of one player adds to the utility of the match: from 0 towards kWaitWeight, half of it after the
/// mode's widening time, strictly increasing. The planner divides the sum over the players by their number, so a match
/// gets the mean.
inline constexpr double kWaitWeight = 0.5;
inline double waiting_bonus(BucketMs waited_ms, double widen_seconds) {
  if (waited_ms <= 0) return 0;
  const double waited = static_cast<double>(waited_ms);
  return kWaitWeight * waited / (waited + widen_seconds * 1000);
}

}  // namespace mm::matching
