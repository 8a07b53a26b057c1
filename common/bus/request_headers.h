// Reads the headers of a request: caller, deadline, trace. Internal to this folder.
#pragma once

#include "common/bus/bus.h"
#include "common/bus/nats_handles.h"

namespace mm::bus {

/// Reads the headers that `headers_of` wrote, and those of any other client. A malformed header gives invalid_fields
/// with the name of the header. `received`: arrival time of the request, from which its deadline is counted.
Reply<Context> read_headers(natsMsg* message, SteadyPoint received);

}  // namespace mm::bus
