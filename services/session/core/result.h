// Decides what a result reported by a game server does to its match. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/contracts/problem.h"
#include "services/session/core/match.h"

namespace mm::session {

/// One entry of player_stats.
struct PlayerStats {
  std::optional<PlayerId> player_id;  ///< none: the entry has no player_id, or it is not an id
  fields::RawJson stats;              ///< all other fields
};

struct Report {
  bool voids = false;               ///< the match does not count
  std::optional<int> winning_team;  ///< none: a draw
  double duration_seconds = 0;
  std::optional<std::vector<PlayerStats>> player_stats;
  std::string hash;  ///< equal for equal content, however it is written; empty: from a heartbeat (aborted)
};

enum class Verdict {
  accept,    ///< the first result of a ready or running match
  repeated,  ///< equal to the accepted result: the same answer, no effect
  conflict,  ///< another result was accepted
  over,      ///< cancelled for a reason other than a void result, or an abort after completion
  not_yet,   ///< its server is still being allocated
  invalid,   ///< the report does not fit the match
};

struct Judgement {
  Verdict verdict = Verdict::accept;
  std::optional<MatchEnd> end{};     ///< only with accept
  std::vector<FieldError> errors{};  ///< only with invalid: the fields that do not fit
};

/// Decides on the row of the match, which is locked. `now`: when the match ends if the report is accepted.
Judgement judge(const Match& match, const Report& report, TimePoint now);

/// The event of a match that ended at `ended_at` with this report. The report does not void the match.
MatchCompleted completed_event(const Match& match, const Report& report, TimePoint ended_at);

}  // namespace mm::session
