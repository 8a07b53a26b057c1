// Where explanations find their queues: in a recording, or in a simulated population; at one time or at several.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/tools/standstill.h"
#include "services/matchmaker/tools/world/population.h"

namespace mm::matchmaker::tools {

/// Times to look at, counted from the beginning: `first` and then every `every`, `count` in all.
struct Looks {
  BucketMs first = 0;
  BucketMs every = 0;
  int count = 1;
  BucketMs last() const { return first + (count - 1) * every; }
};

/// One look: at the end of the last tick that is not after the time.
struct Look {
  BucketMs at = 0;                ///< after the beginning
  std::vector<QueueView> queues;  ///< those in which anybody waits; good during the call
};
using TakeLook = std::function<void(const Look&)>;

/// Plays a recording up to the last look. The failure is a sentence.
Result<Done, std::string> look_at_recording(const std::string& path, const Looks& looks, const TakeLook& take);
/// How long a recording is.
Result<BucketMs, std::string> recorded_ms(const std::string& path);

/// Simulates a population under these rules; one queue a region.
void look_at_population(const Population& population, const ModeRules& rules, std::uint64_t seed, const Looks& looks,
                        const TakeLook& take);

}  // namespace mm::matchmaker::tools
