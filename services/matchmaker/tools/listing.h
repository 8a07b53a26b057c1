// mm-sim populations, mm-sim policies: lists the shipped populations and the policies.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_populations(Words words);
int run_policies(Words words);

}  // namespace mm::matchmaker::tools
