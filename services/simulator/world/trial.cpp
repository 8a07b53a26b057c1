#include "services/simulator/world/trial.h"

#include <cmath>

namespace mm::simulator {

Result<ModeRules, std::string> rules_for(const Population& population, const ModeTable& table) {
  const auto mode = Mode::parse(population.mode);
  const ModeRules* rules = mode ? table.find(*mode) : nullptr;
  if (rules == nullptr)
    return fail(population.name + " plays the mode " + population.mode + ", which is not in the rules");
  if (!rules->has_team_size(population.team_size)) {
    return fail(population.name + " plays in teams of " + std::to_string(population.team_size) + ", which the mode " +
                population.mode + " does not have");
  }
  return *rules;
}

Terms terms_for(const Population& population, const ModeRules& rules, const Crowd& crowd, std::uint64_t seed) {
  Terms terms;
  terms.rules = rules;
  terms.team_size = population.team_size;
  terms.regions = crowd.regions();
  terms.tick_ms = std::max<matching::BucketMs>(1, std::llround(population.tick_ms));
  terms.seed = seed;
  return terms;
}

RunRecord run_trial(const Population& population, const Crowd& crowd, const Terms& terms, const PolicyKind& kind,
                    const ProgressCallback& report_progress) {
  const std::unique_ptr<Policy> policy = kind.make(terms);
  return Simulation(population, crowd, terms, *policy).run(report_progress);
}

}  // namespace mm::simulator
