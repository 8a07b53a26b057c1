// mm-sim: evaluates matching rules and policies without a running stack. Each subcommand has a line in the table below.
#include <string_view>
#include <vector>

#include "services/simulator/commands/command.h"
#include "services/simulator/commands/compare.h"
#include "services/simulator/commands/explain.h"
#include "services/simulator/commands/lint.h"
#include "services/simulator/commands/listing.h"
#include "services/simulator/commands/record.h"
#include "services/simulator/commands/run.h"
#include "services/simulator/commands/tournament.h"

namespace mm::simulator {
namespace {

constexpr Command kCommands[] = {
    {"run", "simulates populations under sets of rules: waits, quality, spread, by rating and party size", run_run},
    {"compare", "shows which players gain and lose by a change of rules", run_compare},
    {"tournament", "compares our policy with those of other matchmakers", run_tournament},
    {"lint", "reports errors in mode tables, and settings without effect", run_lint},
    {"record", "writes a synthetic recording, generated from a seed", run_record},
    {"replay", "replays recordings, and checks that they give the same matches", run_replay},
    {"explain", "explains why tickets wait, and checks the explanations", run_explain},
    {"populations", "lists the shipped populations", run_populations},
    {"policies", "lists the policies of the tournament", run_policies},
};

}  // namespace
}  // namespace mm::simulator

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return mm::simulator::dispatch(mm::simulator::kCommands, words);
}
