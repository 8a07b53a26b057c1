// mm-sim explain: why tickets wait in a recorded or simulated queue; checks whether the explanations are true.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_explain(Words words);

}  // namespace mm::matchmaker::tools
