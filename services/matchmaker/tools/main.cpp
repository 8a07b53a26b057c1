// mm-sim: tries out rules and policies of matching without a stack. A subcommand is a line here.
#include <string_view>
#include <vector>

#include "services/matchmaker/tools/command.h"
#include "services/matchmaker/tools/tournament.h"

namespace mm::matchmaker::tools {
namespace {

constexpr Command kCommands[] = {
    {"tournament", "plays our policy against those of other matchmakers", run_tournament},
};

}  // namespace
}  // namespace mm::matchmaker::tools

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return mm::matchmaker::tools::dispatch(mm::matchmaker::tools::kCommands, words);
}
