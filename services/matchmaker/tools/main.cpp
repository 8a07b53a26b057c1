// mm-sim: evaluates matching rules and policies without a running stack. Each subcommand has a line in the table below.
#include <string_view>
#include <vector>

#include "services/matchmaker/tools/command.h"
#include "services/matchmaker/tools/compare.h"
#include "services/matchmaker/tools/explain.h"
#include "services/matchmaker/tools/lint.h"
#include "services/matchmaker/tools/listing.h"
#include "services/matchmaker/tools/record.h"
#include "services/matchmaker/tools/run.h"
#include "services/matchmaker/tools/tournament.h"

namespace mm::matchmaker::tools {
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
}  // namespace mm::matchmaker::tools

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return mm::matchmaker::tools::dispatch(mm::matchmaker::tools::kCommands, words);
}
