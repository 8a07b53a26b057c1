// Puts the streams and their consumers in order, before anybody uses them: the work of nats_setup at each start of
// nats-server, and of tests. Nobody may store or consume meanwhile.
//
// A consumer keeps its position over restarts of nats-server. It is made anew only if it is gone, or if it stands
// beyond the end of its stream: JetStream syncs to disk every two minutes, so a loss of power can take the end of a
// stream while the consumer's own file stays ahead, and what is stored afterwards would never be delivered. Such a
// consumer begins kLookBack ago, which is as far back as the outboxes send again. The streams drop what is sent again
// and was not lost: they remember message ids for longer than that.
#pragma once

#include <span>
#include <string>

#include "common/bus/bus.h"
#include "common/contracts/bus_rights.h"

namespace mm::bus {

inline constexpr Milliseconds kLookBack{15 * 60 * 1000};
inline constexpr Milliseconds kDuplicateWindow{20 * 60 * 1000};
static_assert(kDuplicateWindow > kLookBack);

/// Removes consumers of earlier versions, whose names were one of ours with a suffix. Others are left alone.
Result<Done, std::string> set_up_streams(Bus& bus, std::span<const rights::StreamConsumer> consumers, Deadline deadline);

}  // namespace mm::bus
