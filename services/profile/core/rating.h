// What a match does to ratings: the door to the rating systems. Pure: who played, with which ratings, and who won, in;
// the change of each rating out.
//
// Ratings are integers, in hundredths of a point, so that they add up exactly and a replay of the log gives the same
// table bit for bit.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/contracts/modes.h"

namespace mm::profile {

using Hundredths = std::int64_t;

inline constexpr Hundredths kInitialRating = 150'000;

constexpr double to_points(Hundredths rating) { return static_cast<double>(rating) / 100.0; }

/// As players see it: whole points, halves up.
constexpr int shown_points(Hundredths rating) {
  const auto shifted = rating + 50;
  return static_cast<int>(shifted >= 0 ? shifted / 100 : (shifted - 99) / 100);
}

/// A player before the match, in its mode.
struct Rated {
  Hundredths mmr = kInitialRating;
  std::int64_t games = 0;
};

/// The players of each side, in the order of the roster. At least two sides, none empty.
using Sides = std::vector<std::vector<Rated>>;
/// One number for each player, in the shape of the Sides. Their sum is zero.
using Changes = std::vector<std::vector<Hundredths>>;

/// `winner`: index of the winning side; none: a draw.
Changes rating_changes(RatingSystem system, const Sides& sides, std::optional<std::size_t> winner);

}  // namespace mm::profile
