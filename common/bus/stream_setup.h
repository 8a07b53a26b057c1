// Creates the streams and their consumers before any client uses them. Called by nats_setup at each start of
// nats-server, and by tests. Nobody may store or consume during the call.
//
// A consumer keeps its position across restarts of nats-server. It is created again only if it is missing, has other
// settings, or is beyond the end of its stream. The last case occurs because JetStream syncs to disk every two minutes:
// a power failure can remove the end of a stream while the consumer's own file is newer, and later events would never
// be delivered. A consumer with other settings keeps its position; otherwise the new one starts kLookBack ago, which is
// as far back as the outboxes resend. Streams drop events that were resent but not lost, because they remember message
// ids for longer than that.
#pragma once

#include <span>
#include <string>

#include "common/bus/bus.h"
#include "common/contracts/bus_rights.h"

namespace mm::bus {

inline constexpr Milliseconds kLookBack{15 * 60 * 1000};
inline constexpr Milliseconds kDuplicateWindow{20 * 60 * 1000};
static_assert(kDuplicateWindow > kLookBack);

/// Also removes consumers of earlier versions, whose names are a current name with a suffix. Other consumers are not
/// changed.
Result<Done, std::string> set_up_streams(Bus& bus, std::span<const rights::StreamConsumer> consumers,
                                         Deadline deadline);

}  // namespace mm::bus
