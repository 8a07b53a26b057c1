// A rated match as its players' history will show it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"

namespace mm::leaderboard {

/// Ratings in hundredths of a point: what is stored and compared. Points are for showing.
using Hundredths = std::int64_t;

Hundredths to_hundredths(double points);
constexpr double to_points(Hundredths rating) { return static_cast<double>(rating) / 100.0; }
/// Whole points, halves up.
int shown_points(Hundredths rating);

/// One player's match.
struct PlayerRecord {
  PlayerId player_id;
  std::string username;  ///< empty: unknown
  int team = 0;
  int slot = 0;
  Outcome result = Outcome::draw;
  Hundredths mmr_before = 0;
  Hundredths mmr_after = 0;
  std::int64_t games = 0;  ///< of the player in the mode, with this match
  std::string stats;
};

/// Why this event can never be applied, if so.
std::optional<std::string> flaw_of(const MatchRated& match);

/// One for each player, in the order of the roster.
std::vector<PlayerRecord> player_records_of(const MatchRated& match);

}  // namespace mm::leaderboard
