// Loads the inputs of subcommands: mode tables and populations. Errors are sentences.
#pragma once

#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/simulator/crowd/population.h"
#include "services/simulator/crowd/population_file.h"

namespace mm::simulator {

/// An empty path loads the shipped table.
Result<ModeTable, std::string> load_modes(const std::string& path);

/// Each entry is a path, or the name of a shipped population.
Result<std::vector<Population>, std::string> load_populations(const std::vector<std::string>& paths_or_names);

}  // namespace mm::simulator
