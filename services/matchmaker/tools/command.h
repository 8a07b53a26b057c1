// What mm-sim can be told to do. Each subcommand is a pair of files (run.h, run.cpp; …) that offers one function, and a
// line in the table in main.cpp.
#pragma once

#include <span>
#include <string_view>

namespace mm::matchmaker::tools {

/// What stands after the subcommand's name.
using Words = std::span<const std::string_view>;

/// Exit statuses, those of sysexits.h where it has one.
inline constexpr int kExitFine = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitBadInput = 65;

struct Command {
  std::string_view name;
  std::string_view summary;  ///< one line
  int (*run)(Words words);   ///< the exit status; prints its own usage for --help
};

/// Finds the subcommand named first and runs it with the rest; without one, or for --help, says what there is.
int dispatch(std::span<const Command> commands, Words words);

}  // namespace mm::matchmaker::tools
