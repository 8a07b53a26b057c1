// mm-sim lint: what a valid mode table says that can never matter, or hardly be meant.
#pragma once

#include <string>
#include <vector>

#include "common/wire/mode_table.h"
#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

struct LintWarning {
  wire::Place place;
  std::string text;
};

/// In the file's order.
std::vector<LintWarning> lint(const std::vector<wire::LocatedMode>& modes);

int run_lint(Words words);

}  // namespace mm::matchmaker::tools
