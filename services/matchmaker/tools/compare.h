// mm-sim compare: which players gain and lose by a change of rules.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_compare(Words words);

}  // namespace mm::matchmaker::tools
