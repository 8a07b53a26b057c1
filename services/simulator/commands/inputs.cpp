#include "services/simulator/commands/inputs.h"

#include "common/wire/mode_table.h"

namespace mm::simulator {
namespace {

std::string joined(const std::vector<std::string>& problems) {
  std::string text;
  for (const std::string& problem : problems) text += (text.empty() ? "" : "\n        ") + problem;
  return text;
}

}  // namespace

Result<ModeTable, std::string> load_modes(const std::string& path) {
  if (path.empty()) return wire::shipped_mode_table();
  auto table = wire::load_mode_table(path);
  if (!table) return fail(joined(table.error().problems));
  return std::move(*table);
}

Result<std::vector<Population>, std::string> load_populations(const std::vector<std::string>& paths_or_names) {
  std::vector<Population> populations;
  for (const std::string& path_or_name : paths_or_names) {
    auto population = load_population(path_or_name);
    if (!population) return fail(joined(population.error()));
    populations.push_back(std::move(*population));
  }
  return populations;
}

}  // namespace mm::simulator
