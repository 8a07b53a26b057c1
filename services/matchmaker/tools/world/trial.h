// One population under one set of rules, one policy and one seed: sets a simulation up and runs it.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/contracts/modes.h"
#include "services/matchmaker/tools/policies/catalogue.h"
#include "services/matchmaker/tools/world/simulation.h"

namespace mm::matchmaker::tools {

/// The population's mode in this table, played by its team size. The failure is a sentence.
Result<ModeRules, std::string> rules_for(const Population& population, const ModeTable& table);

Terms terms_for(const Population& population, const ModeRules& rules, const Crowd& crowd, std::uint64_t seed);

RunRecord run_trial(const Population& population, const Crowd& crowd, const Terms& terms, const PolicyKind& kind,
                    const TellProgress& tell = {});

}  // namespace mm::matchmaker::tools
