// Reads the body of an event of the platform: match.found and so on, ticket.closed, ticket.requeued.
#pragma once

#include "tests/chaos/checker/input/lines.h"

namespace mm::chaos {

/// Reads subject, msg_id and body of a line of the tap or of a dumped stream into an event.
Event read_event(const Object& line);

/// The players of each team, as match.found and session.match.roster have them: [{"players": [{"player_id", …}]}].
std::vector<Seat> read_roster(const json::Value& teams, const Object& line);

}  // namespace mm::chaos
