// mm-sim: tries out rules and policies of matching without a stack. A subcommand is a line here.
#include <array>
#include <string_view>
#include <vector>

#include "services/matchmaker/tools/command.h"

namespace mm::matchmaker::tools {
namespace {

constexpr std::array<Command, 0> kCommands{};

}  // namespace
}  // namespace mm::matchmaker::tools

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  return mm::matchmaker::tools::dispatch(mm::matchmaker::tools::kCommands, words);
}
