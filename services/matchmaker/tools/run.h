// mm-sim run: simulates populations under sets of rules, and reports waits and quality.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_run(Words words);

}  // namespace mm::matchmaker::tools
