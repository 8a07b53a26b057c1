// The interface of the rating systems: computes the ratings after a match from the ratings before it and its outcome.
// Pure. docs/RATINGS.md describes when to use which system, with sources and worked numbers.
//
// Stored values are integers: points and deviations in hundredths, volatilities in billionths. So the changes of Elo
// add up to exactly zero, and a replay of the log gives the same table bit for bit, because every match starts from
// stored integers and not from unrounded results of floating-point arithmetic.
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
/// Of a new player, and the maximum: no rating is less certain than that of a player who never played.
inline constexpr Hundredths kMaxDeviation = 35'000;
/// The minimum keeps ratings able to change (M. Glickman, "The Glicko system", proposes 30 for the same reason).
inline constexpr Hundredths kMinDeviation = 3'000;
inline constexpr Billionths kInitialVolatility = 60'000'000;

constexpr double to_points(Hundredths rating) { return static_cast<double>(rating) / 100.0; }

/// As players see it: whole points, halves rounded up.
constexpr int shown_points(Hundredths rating) {
  const auto shifted = rating + 50;
  return static_cast<int>(shifted >= 0 ? shifted / 100 : (shifted - 99) / 100);
}

/// A player in a mode, before or after a match.
struct Rated {
  Hundredths mmr = kInitialRating;
  std::int64_t games = 0;
  Hundredths deviation = kMaxDeviation;        ///< at `deviation_at`; it grows from then on (certainty.h)
  Billionths volatility = kInitialVolatility;  ///< changed only by Glicko-2
  std::optional<TimePoint> deviation_at = {};  ///< end of the last rated match; none: never rated
  friend bool operator==(const Rated&, const Rated&) = default;
};

/// The players of each side, in the order of the roster. At least two sides, none empty.
using Sides = std::vector<std::vector<Rated>>;

struct MatchOutcome {
  std::optional<std::size_t> winner;  ///< index of the winning side; none: a draw
  TimePoint ended_at;
  int margin = 0;  ///< how one-sided it was, in thousandths of a game (margin.h); 0: unknown
};

/// The same players after the match, in the same order. Does not count the game. In every system the winner's ratings
/// never fall, deviations stay between kMinDeviation and kMaxDeviation, and neither the order of the sides nor the
/// order of the players in a side matters, except for the last player's remainder of the rounding in Elo.
Sides rate(RatingSystem system, const Sides& before, const MatchOutcome& outcome);

}  // namespace mm::profile
