// How sure a rating is, and how that fades: one rule for every system. Pure.
//
// A deviation grows as Glicko-2's step 6 says, sqrt(deviation^2 + t * volatility^2), with t not whole rating periods
// but the time elapsed, in periods and fractions of one (as lichess.org does; github.com/niklasf/liglicko2 has its
// rules apart from the site). A period is as long as makes a volatility of 0.06 grow a deviation of 60 to 110 in a year
// of absence: (110^2 - 60^2) / (0.06 * 173.7178)^2 = 78.2 periods a year, one in 112 hours. So it takes a year until an
// established player counts as uncertain, and about 14 until nothing is known.
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

/// In points. A time before the deviation's own: what it is there, so that matches may be applied out of order.
double grown_deviation(const Rated& player, TimePoint when);

/// The nearest that can be stored.
Hundredths stored_deviation(double points);
Hundredths stored_rating(double points);
Billionths stored_volatility(double volatility);

/// When the deviation after a match is of: the later of the match's end and what it was of before.
TimePoint deviation_time(const Rated& player, TimePoint ended_at);

/// A sum that does not depend on the order of its terms, to the last bit.
double sum_of(std::vector<double> terms);

/// The mean of an integer sum, in points: one division, so that equal sides have exactly equal means.
double mean_points(const std::vector<Rated>& side);

/// What side `side` scores against `other`, 0 to 1. Of a result that names only the winner nothing more can be known
/// about the rest: the winner beats every other side, the others draw among themselves, in a draw all draw.
double score_against(std::size_t side, std::size_t other, std::optional<std::size_t> winner);

}  // namespace mm::profile
