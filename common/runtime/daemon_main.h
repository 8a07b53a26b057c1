// The main of a daemon: its settings are checked first, then the harness runs it.
//
//   int main(int argc, char** argv) { return mm::daemon_main<mm::lobby::Service>(argc, argv); }
//
// With --check it only checks them: one line on standard error for each that is wrong, and status 78; 0 when it would
// start with them. The supervisor's scripts ask so before they start anything.
#pragma once

#include <optional>

#include "common/runtime/daemon.h"
#include "common/runtime/modes_file.h"
#include "common/runtime/settings_check.h"

namespace mm {

namespace runtime {

/// The exit status, if the daemon is not to start: it was asked to check only, or a setting is wrong (which is said).
std::optional<int> settle_check(std::string_view name, SettingsCheck& check, const DaemonSettings& settings, bool only);

}  // namespace runtime

template <class Service>
int daemon_main(int argc, char** argv) {
  const bool only_check = argc == 2 && std::string_view(argv[1]) == "--check";
  if (argc > 1 && !only_check) return run_daemon<Service>(argc, argv);
  const auto environment = runtime::environment();
  runtime::SettingsCheck check(environment);
  typename Service::Settings settings;
  runtime::DaemonSettings of_every_daemon;
  describe(check, settings);
  describe(check, of_every_daemon);
  if constexpr (requires { settings.modes_file; }) runtime::check_modes_file(settings.modes_file, check);
  if constexpr (requires { check_settings(settings, check); }) check_settings(settings, check);
  if (const auto status = runtime::settle_check(Service::kName, check, of_every_daemon, only_check)) return *status;
  return run_daemon<Service>(argc, argv);
}

}  // namespace mm
