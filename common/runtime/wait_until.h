// Waiting, at start, for a store that is not there yet.
//
//   runtime::wait_until(runtime, "postgres", [&] { return try_to_open(); }, Deadline::after(30s));
#pragma once

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/runtime/port_holder.h"

namespace mm {
struct Runtime;
}

namespace mm::runtime {

/// What a Service's constructor may throw when something it needs is not there: logged, and the daemon exits 69 (the
/// supervisor starts it again). Any other exception is taken for a bug: exit 70.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The daemon was told to stop while it waited: it exits 0.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};

/// Tries until it succeeds, 0.25 s apart, and tells every few seconds why it does not. Throws Unavailable at the
/// deadline, Stopped when the daemon is to end. Each attempt should take a second at most.
void wait_until(const Runtime& runtime, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline);
/// The same for the harness, which has no Runtime yet. `stopping` may be null.
void wait_until(const std::atomic<bool>* stopping, std::string_view what,
                const std::function<Result<Done, std::string>()>& attempt, Deadline deadline);

/// For an attempt of wait_until to listen on a port that failed. Throws Unavailable when waiting cannot help.
inline Failure<std::string> port_not_had(const ListenError& error) {
  if (!error.in_use) throw Unavailable(error.text);
  return fail(error.text);
}

}  // namespace mm::runtime
