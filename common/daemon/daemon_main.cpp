#include "common/daemon/daemon_main.h"

#include <cstdio>

#include "common/runtime/start_errors.h"

namespace mm::daemon {

std::optional<int> check_exit_status(std::string_view name, runtime::SettingsCheck& check,
                                     const DaemonSettings& settings, bool only) {
  auto level = log::Level::info;
  if (!log::parse_level(settings.log_level, level)) {
    check.refuse("MM_LOG_LEVEL", runtime::must_be_one_of(settings.log_level, {"debug", "info", "warning", "error"}));
  }
  check.refuse_unknown();
  if (only) {
    for (const auto& problem : check.problems()) std::fprintf(stderr, "%s\n", problem.c_str());
    return check.problems().empty() ? 0 : runtime::kExitConfig;
  }
  if (check.problems().empty()) return std::nullopt;
  log::start(name, settings.instance.empty() ? std::string(name) + "-1" : settings.instance, level);
  for (const auto& problem : check.problems()) log::error("setting_refused", {{"reason", problem}});
  return runtime::kExitConfig;
}

}  // namespace mm::daemon
