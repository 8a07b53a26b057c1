// A recording of an evening that never was: players who queue alone or together, change their minds, play and queue
// again, all drawn from a seed and planned by the core. As large as wanted, to try replays on.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/contracts/modes.h"

namespace mm::matchmaker::tools {

struct Evening {
  int players = 10'000;
  double minutes = 10;
  std::uint64_t seed = 1;
  int tick_ms = 100;
  ModeTable modes;  ///< every mode is played, by fewer and fewer in the table's order, in its default team size
};

struct EveningCounts {
  std::uint64_t ticks = 0;
  std::uint64_t queued = 0;  ///< tickets
  std::uint64_t matches = 0;
  std::uint64_t bytes = 0;  ///< of the file
};

/// Writes the file, which must not exist yet.
Result<EveningCounts, std::string> record_evening(const Evening& evening, const std::string& path);

}  // namespace mm::matchmaker::tools
