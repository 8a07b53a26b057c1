// mm-sim run: simulates populations under sets of rules, and reports waits and quality.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_run(Words words);

}  // namespace mm::simulator
