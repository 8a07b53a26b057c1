// What a match is worth: how even it is, how close its players are, and how long they have waited. All formulas of
// the core that are a matter of taste stand here.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker {

/// The standard deviation of one player's performance in one game, in rating points. 200 is Arpad Elo's own scale,
/// whose class interval is just that ("The Rating of Chessplayers, Past and Present", 1978); the letter is that of
/// TrueSkill (Herbrich, Minka, Graepel: "TrueSkill: A Bayesian Skill Rating System", 2006). So 200 points more win a
/// duel with Phi(200 / 282.84) = 76 %, as in Elo's table.
inline constexpr double kBeta = 200;

/// How strong one team is: the sum of its players' ratings, and of the squares of their deviations, in points.
struct TeamStrength {
  double rating_sum = 0;
  double variance_sum = 0;
};

/// By how many standard deviations `a` is expected to outplay `b`, teams of n players each:
/// (mu_a - mu_b) / sqrt(n * 2 beta^2 + sum sigma^2).
inline double advantage(const TeamStrength& a, const TeamStrength& b, int team_size) {
  const double performance = 2 * kBeta * kBeta * team_size;
  return (a.rating_sum - b.rating_sum) / std::sqrt(performance + a.variance_sum + b.variance_sum);
}

/// P(a beats b) = Phi(advantage). Worked: 1v1, 1600 against 1500, deviations 0: Phi(100 / 282.84) = 0.6382; with
/// deviations of 350 on both sides Phi(100 / 570.09) = 0.5696; 5v5 of means 1510 and 1500, deviations 0:
/// Phi(50 / 632.46) = 0.5315.
double win_probability(double advantage);

/// How good a match is, in (0, 1]: 1 only for even teams and zero spread, strictly falling in both the spread (in
/// points, highest minus lowest ticket) and the advantage of the stronger team.
///
/// Both are brought to points first: an advantage counts as the rating gap of an equally one-sided duel between
/// players whose ratings are certain (sqrt(2) * beta * |advantage|), and x is the mean of that and the spread. Then
/// quality = 1 - x / 1000 up to 500 points, and 250 / x beyond. The straight part is where matches are made, and it
/// is straight for a reason: a sum of straight lines is greatest where the sum of the gaps is least, so no pair is
/// sacrificed to make another one perfect. The tail meets it with the same slope and never reaches 0.
///
/// Worked: spread 0, even: 1. A certain duel of 100 points: x = (100 + 100) / 2, quality 0.9. 5v5, spread 84, means
/// 1508.2 and 1506.9, certain: advantage 6.5 / 632.46 = 0.010277, as a duel 2.907 points, x = 43.45, quality 0.9565.
/// A certain duel of 800 points: 250 / 800 = 0.3125.
inline double quality(double spread, double advantage) {
  constexpr double kScale = 1000;
  constexpr double kKnee = kScale / 2;  // where the straight line meets the tail
  const double as_duel = std::numbers::sqrt2 * kBeta * std::fabs(advantage);
  const double x = (spread + as_duel) / 2;
  // One division and no branch for both parts, so that many are worked out at once.
  const bool straight = x <= kKnee;
  const double scaled = kScale * x;
  const double part = (straight ? x : kKnee * kKnee) / (straight ? kScale : scaled);
  const double lacking = 1 - part;
  return straight ? lacking : part;
}

/// What it adds to a match's utility that one of its players has waited so long: up to kWaitWeight, half of it after
/// the mode's widening time, strictly growing. Counted per player and divided by the players of the match, so it is
/// the mean over them.
inline constexpr double kWaitWeight = 0.5;
inline double waiting_bonus(BucketMs waited_ms, double widen_seconds) {
  if (waited_ms <= 0) return 0;
  const double waited = static_cast<double>(waited_ms);
  return kWaitWeight * waited / (waited + widen_seconds * 1000);
}

}  // namespace mm::matchmaker
