// Decides whether to hold back a match that could be made now: as long as waiting gains more than it costs.
//
// The idea is that of TrueMatch ("TrueMatch", Game Developers Conference 2020). The rule, in the core's units of
// quality:
//   cost of a second: what the core itself counts for a second, the slope of the waiting bonus at its start,
//     kWaitWeight / widen_seconds (with 40 s: 0.0125 of quality)
//   gain of a second: tickets arrive at `density` per second and point. In a match of k tickets that span s points,
//     arrivals within s (k + 1) / (k - 1) points of it help, and each removes 1 / k of what it lacks in quality:
//     gain = density * s * (k + 1) / (k (k - 1)) * (1 - quality)
// For a duel that is 1.5 * density * s^2 / 1000: with one player per second and thousand points, a spread of more than
// 91 points is worth waiting; with a hundred players, more than 9. No ticket is held longer than an eighth of the
// widening time.
//
// Example: a duel of 50 points (quality 0.95), density 0.01: 0.01 * 50 * 1.5 * 0.05 = 0.0375 a second, three times the
// cost, so it is held. A duel of 20 points (0.98): 0.006, half the cost, so it is made.
#pragma once

#include <deque>
#include <unordered_map>
#include <utility>

#include "common/contracts/modes.h"
#include "services/matchmaker/matching/ticket/ticket.h"

namespace mm::simulator {

/// A match that could be made now.
struct Prospect {
  double rating = 0;   ///< in points, of the middle of the match
  double spread = 0;   ///< in points
  double quality = 0;  ///< 0 to 1
  int tickets = 2;
  matching::BucketMs waited_ms = 0;  ///< of its longest-waiting ticket
};

/// Estimates the density of arrivals by rating, from the last minute. In a queue's first minute the estimate is too
/// low, so too few matches are held: one burst of twenty tickets does not mean that another one follows.
class Arrivals {
 public:
  void note(matching::BucketMs at, double rating);
  /// Arrivals per second and point, in the 200 points around `rating` (to the nearest 20).
  double density(double rating, matching::BucketMs now);

 private:
  static constexpr matching::BucketMs kRemembered = 60'000;
  static constexpr double kBin = 20;  // points
  static constexpr int kAround = 10;  // bins
  static int bin_of(double rating);
  void forget_before(matching::BucketMs at);

  std::deque<std::pair<matching::BucketMs, int>> seen_;  ///< the bin of each arrival
  std::unordered_map<int, int> counts_;                  ///< by bin
};

double gain_per_second(const Prospect& prospect, double density);
double cost_per_second(const ModeRules& rules);
bool worth_holding(const Prospect& prospect, const ModeRules& rules, double density);

}  // namespace mm::simulator
