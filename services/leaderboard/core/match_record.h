// What leaderboard stores of a rated match: the decision of the consumer of match.rated. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/contracts/events.h"
#include "common/contracts/leaderboard.h"

namespace mm::leaderboard {

/// Ratings in hundredths of a point, as they are stored and compared. Players see whole points.
using Hundredths = std::int64_t;

Hundredths to_hundredths(double points);
constexpr double to_points(Hundredths rating) { return static_cast<double>(rating) / 100.0; }
/// Whole points, halves rounded up.
int shown_points(Hundredths rating);

/// The match of one player: a row of leaderboard.match_player, and the change of the player's standings.
struct PlayerRecord {
  PlayerId player_id;
  std::string username;  ///< empty if unknown
  int team = 0;
  int slot = 0;
  Outcome result = Outcome::draw;
  Hundredths mmr_before = 0;
  Hundredths mmr_after = 0;
  std::int64_t games = 0;  ///< of the player in the mode, including this match
  std::string stats;
};

/// Why this event can never be applied; none if it can.
std::optional<std::string> flaw_of(const MatchRated& match);

struct MatchRecord {
  std::vector<PlayerRecord> players;  ///< in the order of the roster
  std::optional<Season> season;       ///< in which the match ended; none: before the first season
  bool in_standings = false;          ///< else it goes into the history only
};

MatchRecord record_of(const MatchRated& match, const std::optional<Season>& season);

}  // namespace mm::leaderboard
