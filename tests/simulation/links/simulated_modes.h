// The mode table of the simulation: short waits, so that tickets also time out, and wide windows, so that most players
// can be matched.
#pragma once

#include "common/contracts/modes.h"

namespace mm::simulation {

ModeTable simulated_modes();

}  // namespace mm::simulation
