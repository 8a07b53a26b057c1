// The initial state of a found match: allocating, or cancelled at once. Pure. Every match.found leaves a row. A match
// that cannot be played starts as cancelled, so that a later copy of its match.found meets the row and the decision.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "common/contracts/modes.h"
#include "services/session/core/match.h"

namespace mm::session {

/// Why nobody can play this roster; none if it can be played. A bad roster is a bug of the publisher. A mode that is
/// not in `modes` is accepted, so that a new mode table can be rolled out daemon by daemon.
std::optional<std::string> bad_roster(const MatchFound& found, const ModeTable& modes);

/// Why a found match starts as cancelled.
struct Refusal {
  std::string why;  ///< for the log
  MatchCancelled event;
};

/// What the initial state depends on, besides the row.
struct InitialFacts {
  std::optional<std::string> bad_roster;
  std::set<PlayerId> busy;  ///< players of the match who are in another live match
  Milliseconds max_age;     ///< a match whose row was stored later than this after it was found has lost its players
};

/// Decides on a row that was just inserted. None: the match starts as allocating.
std::optional<Refusal> initial_refusal(const Match& row, const InitialFacts& facts);

}  // namespace mm::session
