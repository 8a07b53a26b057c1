// mm-sim lint: reports settings of a valid mode table that have no effect or are probably mistakes.
#pragma once

#include <string>
#include <vector>

#include "common/wire/mode_table.h"
#include "services/simulator/commands/command.h"

namespace mm::simulator {

struct LintWarning {
  wire::Place place;
  std::string text;
};

/// Warnings in the order of the file.
std::vector<LintWarning> lint(const std::vector<wire::LocatedMode>& modes);

int run_lint(Words words);

}  // namespace mm::simulator
