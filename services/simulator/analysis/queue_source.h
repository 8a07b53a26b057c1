// The sources of queues for explanations: a recording, or a simulated population; at one or several times.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/simulator/analysis/standstill.h"
#include "services/simulator/crowd/population.h"

namespace mm::simulator {

/// The times of the looks, from the beginning: `first`, then at intervals of `every`; `count` in total.
struct Looks {
  matching::BucketMs first = 0;
  matching::BucketMs every = 0;
  int count = 1;
  matching::BucketMs last() const { return first + (count - 1) * every; }
};

/// One look, taken at the end of the last tick that is not after its time.
struct Look {
  matching::BucketMs at = 0;      ///< time since the beginning
  std::vector<QueueView> queues;  ///< the queues with waiting tickets; valid during the call
};
using TakeLook = std::function<void(const Look&)>;

/// Replays a recording up to the last look. The error is a sentence.
Result<Done, std::string> look_at_recording(const std::string& path, const Looks& looks, const TakeLook& take);
/// The length of a recording.
Result<matching::BucketMs, std::string> recorded_ms(const std::string& path);

/// Simulates a population under these rules; one queue per region.
void look_at_population(const Population& population, const ModeRules& rules, std::uint64_t seed, const Looks& looks,
                        const TakeLook& take);

}  // namespace mm::simulator
