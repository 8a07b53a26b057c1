// The view of an ended match for one of its players. Pure.
#pragma once

#include <optional>

#include "common/contracts/recent.h"
#include "services/session/core/match.h"

namespace mm::session {

/// `match` has ended and `player` was in it. `completed`: the match.completed of a completed match.
RecentMatch recent_view(const Match& match, PlayerId player, const std::optional<MatchCompleted>& completed);

}  // namespace mm::session
