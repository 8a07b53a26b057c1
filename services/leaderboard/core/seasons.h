// Seasons: their names and first days, from a setting. A season lasts until the next one begins; the last one does not
// end. A match belongs to the season in which it ended. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/contracts/names.h"

namespace mm::leaderboard {

class Seasons {
 public:
  /// Parses "s1=2026-01-01,s2=2026-07-01": days in UTC, in ascending order, no name twice. The error says what is
  /// wrong.
  static Result<Seasons, std::string> parse(std::string_view text);

  /// The season at `time`; none before the first season.
  std::optional<Season> at(TimePoint time) const;

  /// False for unknown seasons and for those that begin after `now`.
  bool has_begun(const Season& season, TimePoint now) const;

 private:
  struct Start {
    TimePoint from;
    Season season;
  };
  std::vector<Start> starts_;  // by time
};

}  // namespace mm::leaderboard
