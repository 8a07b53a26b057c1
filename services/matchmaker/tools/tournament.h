// mm-sim tournament: our policy against those of other matchmakers, on populations of all sizes.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_tournament(Words words);

}  // namespace mm::matchmaker::tools
