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
    {"run", "shows what populations have of sets of rules: waits, quality, spread, by rating and party", run_run},
    {"compare", "says who gains and who loses by a change of rules", run_compare},
    {"tournament", "plays our policy against those of other matchmakers", run_tournament},
    {"lint", "says what mode tables have that is wrong, or can never matter", run_lint},
    {"record", "writes a recording of an evening drawn from a seed", run_record},
    {"replay", "plays recordings again, and checks that the same matches come of them", run_replay},
    {"explain", "says why tickets wait, and checks that it is true", run_explain},
    {"populations", "lists the shipped populations", run_populations},
    {"policies", "lists the policies of the tournament", run_policies},
};

}  // namespace
}  // namespace mm::matchmaker::tools

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return mm::matchmaker::tools::dispatch(mm::matchmaker::tools::kCommands, words);
}
