// mm-sim record: writes a recording of an evening drawn from a seed. mm-sim replay: plays recordings again.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_record(Words words);
int run_replay(Words words);

}  // namespace mm::matchmaker::tools
