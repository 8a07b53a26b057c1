// The main function of a daemon: checks the settings, then runs the harness.
//
//   int main(int argc, char** argv) { return mm::daemon_main<mm::lobby::Service>(argc, argv); }
//
// With --check it only checks the settings: one line on standard error for each wrong setting and status 78, or status
// 0 if the daemon would start. The supervisor's scripts call this before they start any process.
#pragma once

#include <optional>

#include "common/daemon/daemon.h"
#include "common/daemon/startup.h"
#include "common/runtime/settings_check.h"

namespace mm {

namespace daemon {

/// The exit status if the daemon must not start: only a check was requested, or a setting is wrong (which is printed).
std::optional<int> check_exit_status(std::string_view name, runtime::SettingsCheck& check,
                                     const DaemonSettings& settings, bool only);

}  // namespace daemon

template <class Service>
int daemon_main(int argc, char** argv) {
  const bool only_check = argc == 2 && std::string_view(argv[1]) == "--check";
  if (argc > 1 && !only_check) return run_daemon<Service>(argc, argv);
  const auto environment = runtime::environment();
  runtime::SettingsCheck check(environment);
  typename Service::Settings settings;
  daemon::DaemonSettings of_every_daemon;
  describe(check, settings);
  describe(check, of_every_daemon);
  if constexpr (requires { settings.modes_file; }) daemon::check_modes_file(settings.modes_file, check);
  if constexpr (requires { check_settings(settings, check); }) check_settings(settings, check);
  if (const auto status = daemon::check_exit_status(Service::kName, check, of_every_daemon, only_check)) return *status;
  return run_daemon<Service>(argc, argv);
}

}  // namespace mm
