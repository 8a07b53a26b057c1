// The headers of a request: for whom, until when, in which trace. Internal to this folder.
#pragma once

#include "common/bus/bus.h"
#include "common/bus/nats_handles.h"

namespace mm::bus {

/// Reads what `headers_of` wrote, and whatever else a client may send: a header that does not fit is invalid_fields
/// and named. `received`: when the request came; its deadline counts from there.
Reply<Context> read_headers(natsMsg* message, SteadyPoint received);

}  // namespace mm::bus
