// The subcommands of mm-sim. Each subcommand is a pair of files (run.h, run.cpp; …) with one function, and a line in
// the table in main.cpp.
#pragma once

#include <span>
#include <string_view>

namespace mm::simulator {

/// The arguments after the subcommand's name.
using Words = std::span<const std::string_view>;

/// Exit statuses; from sysexits.h where it defines one.
inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitBadInput = 65;

struct Command {
  std::string_view name;
  std::string_view summary;  ///< one line
  int (*run)(Words words);   ///< returns the exit status; prints its own usage for --help
};

/// Runs the subcommand named by the first word with the other words. Without a word, or for --help, lists the commands.
int dispatch(std::span<const Command> commands, Words words);

}  // namespace mm::simulator
