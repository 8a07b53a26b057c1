// Seasons: names with the day each begins, from a setting. A season lasts until the next one begins, the last one for
// ever; a match belongs to the season in which it ended. Pure.
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
  /// "s1=2026-01-01,s2=2026-07-01": days in UTC, each later than the one before, no name twice. The error is a
  /// sentence.
  static Result<Seasons, std::string> parse(std::string_view text);

  /// None: before the first.
  std::optional<Season> at(TimePoint time) const;

  /// Known, and not one of the future.
  bool has_begun(const Season& season, TimePoint now) const;

 private:
  struct Start {
    TimePoint from;
    Season season;
  };
  std::vector<Start> starts_;  // by time
};

}  // namespace mm::leaderboard
