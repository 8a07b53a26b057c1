// What a match does to ratings: the door to the rating systems. Pure: who played, with which ratings, and how it ended,
// in; the ratings after it, out. docs/RATINGS.md says which system is for what, with sources and worked numbers.
//
// What is stored is integers: points and deviations in hundredths, volatilities in billionths. So Elo adds up exactly,
// and a replay of the log gives the same table bit for bit: every match starts from what was stored, not from what a
// floating-point unit had left over.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/contracts/modes.h"

namespace mm::profile {

using Hundredths = std::int64_t;
using Billionths = std::int64_t;

inline constexpr Hundredths kInitialRating = 150'000;
/// Of a new player, and the most there is: nothing is less known than a player never seen.
inline constexpr Hundredths kMaxDeviation = 35'000;
/// Ratings stay able to move (M. Glickman, "The Glicko system", proposes 30 for the same reason).
inline constexpr Hundredths kMinDeviation = 3'000;
inline constexpr Billionths kInitialVolatility = 60'000'000;

constexpr double to_points(Hundredths rating) { return static_cast<double>(rating) / 100.0; }

/// As players see it: whole points, halves up.
constexpr int shown_points(Hundredths rating) {
  const auto shifted = rating + 50;
  return static_cast<int>(shifted >= 0 ? shifted / 100 : (shifted - 99) / 100);
}

/// A player in a mode, before or after a match.
struct Rated {
  Hundredths mmr = kInitialRating;
  std::int64_t games = 0;
  Hundredths deviation = kMaxDeviation;        ///< at `deviation_at`; since then it grows (certainty.h)
  Billionths volatility = kInitialVolatility;  ///< only Glicko-2 moves it
  std::optional<TimePoint> deviation_at = {};  ///< end of the last rated match; none: there was none
  friend bool operator==(const Rated&, const Rated&) = default;
};

/// The players of each side, in the order of the roster. At least two sides, none empty.
using Sides = std::vector<std::vector<Rated>>;

struct MatchOutcome {
  std::optional<std::size_t> winner;  ///< index of the winning side; none: a draw
  TimePoint ended_at;
  int margin = 0;  ///< how one-sided it was, in thousandths of a game (margin.h); 0: not known
};

/// The same players after the match, in the shape of the Sides. Games are not counted here. Whatever the system: the
/// winner's ratings never fall, deviations stay between the narrowest and the widest, and neither the order of the
/// sides nor that of the players in them matters. (But for the hundredths that rounding leaves over in Elo, which are
/// the last player's.)
Sides rate(RatingSystem system, const Sides& before, const MatchOutcome& outcome);

}  // namespace mm::profile
