// The exit statuses of all daemons (those of sysexits.h), and the exceptions that end the start of a daemon. They are
// thrown by the constructor of a Service and what it calls; the harness logs them and exits. docs/OPERATIONS.md has the
// policy.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mm::runtime {

inline constexpr int kExitUsage = 64;        ///< wrong arguments
inline constexpr int kExitUnavailable = 69;  ///< a dependency is not available: a restart may succeed
inline constexpr int kExitSoftware = 70;     ///< a bug
inline constexpr int kExitConfig = 78;       ///< a restart is useless until a person has changed something

/// A dependency did not become available in time. Logged as start_failed; status 69, upon which the supervisor
/// restarts the daemon.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A setting, a credential, the mode table or the configuration of a store must be changed first. Each reason is logged
/// as start_refused; status 78.
class StartRefused : public std::runtime_error {
 public:
  /// `subject`: the setting or store, as "MM_MODES_FILE"; never a secret.
  StartRefused(std::string_view subject, std::vector<std::string> reasons)
      : std::runtime_error(std::string(subject) + ": " + reasons.front()),
        subject_(subject),
        reasons_(std::move(reasons)) {}

  const std::string& subject() const { return subject_; }
  const std::vector<std::string>& reasons() const { return reasons_; }

 private:
  std::string subject_;
  std::vector<std::string> reasons_;
};

/// The daemon was told to stop during its start. Status 0.
class Stopped : public std::runtime_error {
 public:
  Stopped() : std::runtime_error("stopped") {}
};

}  // namespace mm::runtime
