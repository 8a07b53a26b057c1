// Sets up and runs one simulation: one population, one set of rules, one policy and one seed.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/simulator/policies/catalogue.h"
#include "services/simulator/world/simulation.h"

namespace mm::simulator {

/// The rules of the population's mode and team size in this table. The error is a sentence.
Result<ModeRules, std::string> rules_for(const Population& population, const ModeTable& table);

Terms terms_for(const Population& population, const ModeRules& rules, const Crowd& crowd, std::uint64_t seed);

RunRecord run_trial(const Population& population, const Crowd& crowd, const Terms& terms, const PolicyKind& kind,
                    const ProgressCallback& report_progress = {});

}  // namespace mm::simulator
