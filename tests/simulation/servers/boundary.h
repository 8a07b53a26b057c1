// The calls of daemons to servers, as points at which a daemon can be killed or paused: right before a call is sent,
// and right after its reply has come. Not thread-safe.
#pragma once

#include <functional>
#include <string_view>

namespace mm::simulation {

/// `call`: the name of a script or of the first command of a pipeline, or "transaction", "store" or "request".
using BoundaryHook = std::function<void(std::string_view call)>;

/// Sets the function that each call invokes at both of its ends. It may kill or pause the present process.
void set_boundary_hook(BoundaryHook hook);
/// Called by the links. Does not return if the present process was killed, and only after the end of a pause.
void at_boundary(std::string_view call);

}  // namespace mm::simulation
