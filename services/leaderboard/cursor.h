// Cursors of pages: where the last page ended, sealed with what was asked for. A cursor that was changed, cut or made
// for another question is refused instead of giving a page of something else. What it holds is no secret (positions in
// public lists), so the seal is a digest and needs no key that instances would have to share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/names.h"

namespace mm::leaderboard {

/// Which board.
struct BoardKey {
  Tenant tenant;
  Season season;
  Mode mode;
  std::optional<Region> region;  ///< none: all regions
};

/// Where a player stands on a board: 32 bytes whose order is the board's (db/migrations/0400_leaderboard.sql).
using Place = std::string;
inline constexpr std::size_t kPlaceBytes = 32;

std::string board_cursor(const BoardKey& key, const Place& after);
std::optional<Place> read_board_cursor(const BoardKey& key, std::string_view text);

/// Whose history.
struct HistoryKey {
  Tenant tenant;
  PlayerId player_id;
  std::optional<Mode> mode;  ///< none: all modes
};

/// A match in a history: newest first, then by id.
struct HistoryPlace {
  TimePoint ended_at;
  MatchId match_id;
  friend bool operator==(const HistoryPlace&, const HistoryPlace&) = default;
};

std::string history_cursor(const HistoryKey& key, const HistoryPlace& after);
std::optional<HistoryPlace> read_history_cursor(const HistoryKey& key, std::string_view text);

}  // namespace mm::leaderboard
