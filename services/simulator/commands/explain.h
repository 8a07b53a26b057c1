// mm-sim explain: why tickets wait in a recorded or simulated queue; checks whether the explanations are true.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_explain(Words words);

}  // namespace mm::simulator
