// What a player is in now, asked of lobby, matchmaker and session at the same time, and how matches of theirs ended
// lately, with the ratings that profile adds.
#pragma once

#include <functional>

#include "services/gateway/asking.h"
#include "services/gateway/messages.h"

namespace mm::gateway {

/// For the player of `asker`. Nothing found is an absent part; a daemon that is away is a failure of the whole.
void read_active_state(Shard& shard, const Asker& asker, std::function<void(Reply<ActiveState>)> then);

}  // namespace mm::gateway
