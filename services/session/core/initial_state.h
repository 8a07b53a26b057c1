// Whether a found match may live. Pure. Every match.found leaves a row; one that may not live is born cancelled, so
// that a late copy of it finds the decision instead of a free place.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "common/contracts/modes.h"
#include "services/session/core/match.h"

namespace mm::session {

/// The row of a match.found before anything was decided about it.
Match initial_state(const MatchFound& found);

/// Why nobody can play this roster: the publisher's bug, not the players'. A mode we do not know is let through, so
/// that a mode table may be rolled out daemon by daemon.
std::optional<std::string> bad_roster(const MatchFound& found, const ModeTable& modes);

/// A match that waited longer than this for its row: its players have been told nothing and may have gone.
bool too_old(const MatchFound& found, TimePoint now, Milliseconds limit);

}  // namespace mm::session
