// When to hold a match back although it could be made: while what waiting may bring is worth more than what it costs.
//
// The idea is that of TrueMatch ("TrueMatch", Game Developers Conference 2020). The rule, in the core's own currency:
//   cost  of a second: what the core itself pays for one, the slope of the waiting bonus at its start,
//         kWaitWeight / widen_seconds (with 40 s: 0.0125 of quality)
//   gain  of a second: tickets come at `density` per second and point. In a match of k tickets that span s points,
//   those
//         who come within s (k + 1) / (k - 1) points of it help, and each takes off 1 / k of what it lacks in quality:
//         gain = density * s * (k + 1) / (k (k - 1)) * (1 - quality)
// For a duel that is 1.5 * density * s^2 / 1000: with one player per second and thousand points, 91 points are worth
// waiting for, with a hundred 9. Nobody is held longer than an eighth of the widening time.
//
// Worked: a duel of 50 points (quality 0.95), density 0.01: 0.01 * 50 * 1.5 * 0.05 = 0.0375 a second, three times the
// cost: it is held. Of 20 points (0.98): 0.006, half the cost: it is made.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "common/contracts/modes.h"
#include "services/matchmaker/core/ticket.h"

namespace mm::matchmaker::tools {

/// A match that could be made now.
struct Prospect {
  double rating = 0;   ///< points, the middle of it
  double spread = 0;   ///< points
  double quality = 0;  ///< 0 to 1
  int tickets = 2;
  BucketMs waited_ms = 0;  ///< its longest-waiting ticket
};

/// How many tickets come where, from those of the last minute. In a queue's first minute that is too few, and so holds
/// too little: twenty who come at once are no sign that another twenty will.
class Arrivals {
 public:
  void note(BucketMs at, double rating);
  /// Per second and point of rating, in the 200 points around this one (to the nearest 20).
  double density(double rating, BucketMs now);

 private:
  static constexpr BucketMs kRemembered = 60'000;
  static constexpr double kBin = 20;  // points
  static constexpr int kAround = 10;  // bins
  static int bin_of(double rating);
  void forget_before(BucketMs at);

  std::deque<std::pair<BucketMs, int>> seen_;  ///< in which bin
  std::unordered_map<int, int> counts_;        ///< by bin
};

double gain_per_second(const Prospect& prospect, double density);
double cost_per_second(const ModeRules& rules);
bool worth_holding(const Prospect& prospect, const ModeRules& rules, double density);

}  // namespace mm::matchmaker::tools
