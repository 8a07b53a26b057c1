// mm-sim record: writes a synthetic recording, generated from a seed. mm-sim replay: replays recordings.
#pragma once

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {

int run_record(Words words);
int run_replay(Words words);

}  // namespace mm::matchmaker::tools
