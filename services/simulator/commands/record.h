// mm-sim record: writes a synthetic recording, generated from a seed. mm-sim replay: replays recordings.
#pragma once

#include "services/simulator/commands/command.h"

namespace mm::simulator {

int run_record(Words words);
int run_replay(Words words);

}  // namespace mm::simulator
