// Generates a synthetic recording: players who queue alone or in parties, give up, play and queue again. Everything is
// drawn from a seed and planned by the core. It can have any size, to measure replays.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/contracts/modes.h"

namespace mm::simulator {

struct Evening {
  int players = 10'000;
  double minutes = 10;
  std::uint64_t seed = 1;
  int tick_ms = 100;
  ModeTable modes;  ///< all modes are played, each by about half as many as the one before it, in the default team size
};

struct EveningCounts {
  std::uint64_t ticks = 0;
  std::uint64_t queued = 0;  ///< number of tickets
  std::uint64_t matches = 0;
  std::uint64_t bytes = 0;  ///< of the file
};

/// Writes the file, which must not exist yet.
Result<EveningCounts, std::string> record_evening(const Evening& evening, const std::string& path);

}  // namespace mm::simulator
