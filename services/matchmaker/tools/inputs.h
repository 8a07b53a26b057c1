// What subcommands read: mode tables and populations, with failures as sentences.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/tools/world/population.h"
#include "services/matchmaker/tools/world/population_file.h"

namespace mm::matchmaker::tools {

/// An empty path: the shipped table.
Result<ModeTable, std::string> load_modes(const std::string& path);

/// Paths, or names of shipped ones.
Result<std::vector<Population>, std::string> load_populations(const std::vector<std::string>& paths_or_names);

}  // namespace mm::matchmaker::tools
