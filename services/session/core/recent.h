// How an ended match looks to one of its players afterwards. Pure.
#pragma once

#include <optional>

#include "common/contracts/recent.h"
#include "services/session/core/match.h"

namespace mm::session {

/// `match` has ended and `player` was in it. `completed`: the event of a completed match, which has its result.
RecentMatch recent_view(const Match& match, PlayerId player, const std::optional<MatchCompleted>& completed);

}  // namespace mm::session
