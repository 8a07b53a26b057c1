// Cursors of pages: the position at which the last page ended, with a digest of the position and the request. A cursor
// that was changed, cut or made for another request is refused. Positions in public lists are no secret, so the digest
// needs no key that instances would have to share.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/contracts/names.h"

namespace mm::leaderboard {

/// Identifies a board.
struct BoardKey {
  Tenant tenant;
  Season season;
  Mode mode;
  std::optional<Region> region;  ///< none: all regions
};

/// The position of a player on a board: 32 bytes whose bytewise order is that of the board
/// (db/migrations/0400_leaderboard.sql).
using Place = std::string;
inline constexpr std::size_t kPlaceBytes = 32;

std::string board_cursor(const BoardKey& key, const Place& after);
std::optional<Place> read_board_cursor(const BoardKey& key, std::string_view text);

/// Identifies a history.
struct HistoryKey {
  Tenant tenant;
  PlayerId player_id;
  std::optional<Mode> mode;  ///< none: all modes
};

/// The position of a match in a history, which is ordered by end, newest first, then by id.
struct HistoryPlace {
  TimePoint ended_at;
  MatchId match_id;
  friend bool operator==(const HistoryPlace&, const HistoryPlace&) = default;
};

std::string history_cursor(const HistoryKey& key, const HistoryPlace& after);
std::optional<HistoryPlace> read_history_cursor(const HistoryKey& key, std::string_view text);

}  // namespace mm::leaderboard
