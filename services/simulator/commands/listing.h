// mm-sim populations, mm-sim policies: lists the shipped populations and the policies.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_populations(Words words);
int run_policies(Words words);

}  // namespace mm::simulator
