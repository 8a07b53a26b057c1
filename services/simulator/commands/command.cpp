#include "services/simulator/commands/command.h"

#include <cstdio>
#include <string>
#include <vector>

#include "common/base/nearest.h"

namespace mm::simulator {
namespace {

void print_commands(std::span<const Command> commands, std::FILE* to) {
  std::fprintf(to, "usage: mm-sim <command> [options]; mm-sim <command> --help lists the options\n\n");
  for (const Command& command : commands) {
    std::fprintf(to, "  %-12.*s %.*s\n", static_cast<int>(command.name.size()), command.name.data(),
                 static_cast<int>(command.summary.size()), command.summary.data());
  }
}

}  // namespace

int dispatch(std::span<const Command> commands, Words words) {
  if (words.empty() || words[0] == "--help" || words[0] == "-h") {
    print_commands(commands, words.empty() ? stderr : stdout);
    return words.empty() ? kExitUsage : kExitFine;
  }
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == words[0]) return command.run(words.subspan(1));
    names.emplace_back(command.name);
  }
  const auto near = nearest(std::string(words[0]), names);
  std::fprintf(stderr, "mm-sim: no command %s%s\n\n", std::string(words[0]).c_str(),
               near ? ("; did you mean " + *near + "?").c_str() : "");
  print_commands(commands, stderr);
  return kExitUsage;
}

}  // namespace mm::simulator
