// The deviation of a rating, and how it grows while the player does not play: one rule for every rating system. Pure.
//
// A deviation grows as in step 6 of Glicko-2, sqrt(deviation^2 + t * volatility^2). Here t is not the number of whole
// rating periods but the elapsed time in periods and fractions of a period, as on lichess.org (whose rules are
// published in github.com/niklasf/liglicko2). The length of a period is chosen so that at a volatility of 0.06 a
// deviation of 60 grows to 110 in a year: (110^2 - 60^2) / (0.06 * 173.7178)^2 = 78.2 periods a year, one in 112 hours.
// So an established player counts as uncertain after a year, and has the deviation of a new player after about 14
// years.
#pragma once

#include <vector>

#include "services/profile/core/rating.h"

namespace mm::profile {

inline constexpr Milliseconds kRatingPeriod = std::chrono::hours(112);
/// Rating points in one unit of Glicko-2's own scale: 400 / ln 10, as rounded in the paper.
inline constexpr double kPointsPerUnit = 173.7178;

constexpr double volatility_of(const Rated& player) { return static_cast<double>(player.volatility) / 1e9; }

/// In points per square root of a day: 4.825 for the initial volatility.
double deviation_growth(const Rated& player);

/// The deviation at `when`, in points. Before `deviation_at` it is that of `deviation_at`, so matches may be applied
/// out of order.
double grown_deviation(const Rated& player, TimePoint when);

/// The nearest value that can be stored.
Hundredths stored_deviation(double points);
Hundredths stored_rating(double points);
Billionths stored_volatility(double volatility);

/// The `deviation_at` after a match: the later of the match's end and the previous `deviation_at`.
TimePoint deviation_time(const Rated& player, TimePoint ended_at);

/// A sum that does not depend on the order of its terms, to the last bit.
double sum_of(std::vector<double> terms);

/// The mean rating, in points: one division of an integer sum, so that equal sides have exactly equal means.
double mean_points(const std::vector<Rated>& side);

/// The score of side `side` against `other`, 0 to 1. A result names only the winner, so nothing is known about the
/// order of the other sides: the winner beats every other side, the others draw among themselves, and in a draw all
/// sides draw.
double score_against(std::size_t side, std::size_t other, std::optional<std::size_t> winner);

}  // namespace mm::profile
