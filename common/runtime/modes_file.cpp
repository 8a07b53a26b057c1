#include "common/runtime/modes_file.h"

#include <cstdlib>

#include "common/runtime/log.h"
#include "common/runtime/settings_check.h"
#include "common/wire/mode_table.h"

namespace mm::runtime {

ModeTable modes_at_start(const std::string& file) {
  if (file.empty()) return wire::shipped_mode_table();
  auto table = wire::load_mode_table(file);
  if (table) return *std::move(table);
  for (const auto& problem : table.error().problems) log::error("modes_refused", {{"reason", problem}});
  std::_Exit(78);
}

void check_modes_file(const std::string& file, SettingsCheck& check) {
  if (file.empty()) return;
  const auto table = wire::load_mode_table(file);
  if (table) return;
  const auto& problems = table.error().problems;
  const auto others = problems.size() - 1;
  check.refuse("MM_MODES_FILE", problems.front() + (others > 0 ? " (and " + std::to_string(others) + " more)" : ""));
}

}  // namespace mm::runtime
