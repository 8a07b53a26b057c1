// mm-sim compare: which players gain and lose by a change of rules.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_compare(Words words);

}  // namespace mm::simulator
