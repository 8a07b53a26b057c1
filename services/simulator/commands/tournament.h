// mm-sim tournament: our policy against those of other matchmakers, on populations of all sizes.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_tournament(Words words);

}  // namespace mm::simulator
