// Waits at start for a dependency that is not available yet.
//
//   daemon::wait_until(runtime, "postgres", [&] { return try_to_open(); }, Deadline::after(30s));
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/port_holder.h"
#include "common/runtime/start_errors.h"

namespace mm {
struct Runtime;
}

namespace mm::daemon {

/// Calls `attempt` until it succeeds, 0.25 s apart, and logs the reason of failures every few seconds. Throws
/// runtime::Unavailable at the deadline and Stopped if the daemon is told to stop. Each attempt should take at most a
/// second.
void wait_until(const Runtime& runtime, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline);
/// The same for the harness, which has no Runtime yet. `stopping` may be null.
void wait_until(const std::atomic<bool>* stopping, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline);

/// The result of a failed attempt to listen on a port. Throws Unavailable if a retry is useless.
inline Failure<std::string> listen_failure(const runtime::ListenError& error) {
  if (!error.in_use) throw runtime::Unavailable(error.text);
  return fail(error.text);
}

}  // namespace mm::daemon
