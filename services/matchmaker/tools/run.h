// mm-sim run: what populations would have of sets of rules.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_run(Words words);

}  // namespace mm::matchmaker::tools
