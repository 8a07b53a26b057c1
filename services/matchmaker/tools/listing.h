// mm-sim populations, mm-sim policies: what there is to choose from.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_populations(Words words);
int run_policies(Words words);

}  // namespace mm::matchmaker::tools
