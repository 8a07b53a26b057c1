// A reported result against the match it is for. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/problem.h"
#include "services/session/core/match.h"

namespace mm::session {

/// One entry of player_stats.
struct PlayerStats {
  std::optional<PlayerId> player_id;  ///< none: it has none, or what it has is no id
  fields::RawJson stats;              ///< all other fields
};

struct Report {
  bool voids = false;               ///< the match does not count
  std::optional<int> winning_team;  ///< none: a draw
  double duration_seconds = 0;
  std::optional<std::vector<PlayerStats>> player_stats;
  std::string hash;  ///< equal for equal content, however it was written; empty: it came in a heartbeat (aborted)
};

/// What in the report does not fit the match; each with its JSON pointer.
std::vector<FieldError> check_report(const Match& match, const Report& report);

enum class Verdict {
  accept,    ///< the first result of a match that is played
  repeated,  ///< the result that was accepted: the same answer, no effect
  conflict,  ///< another result was accepted
  over,      ///< cancelled before for another reason than a void result, or completed before it is aborted
  not_yet,   ///< its server is still being allocated
};
Verdict judge(const Match& match, const Report& report);

/// Of a match that ended with this report, which does not void it, at `ended_at`.
MatchCompleted completed_event(const Match& match, const Report& report, TimePoint ended_at);

}  // namespace mm::session
