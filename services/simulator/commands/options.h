// Parses the arguments of a subcommand: options with a value (`--seed 7` or `--seed=7`), flags (`--quick`), and the
// rest.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "services/simulator/commands/command.h"

namespace mm::simulator {

struct OptionRule {
  std::string_view name;   ///< with its leading dashes
  std::string_view value;  ///< placeholder of the value in the usage text; empty: a flag
  std::string_view about;
};

/// The options of a subcommand. `usage` is the text after its name, such as "[options] rules.toml …".
struct OptionTable {
  std::string_view command;
  std::string_view usage;
  std::vector<OptionRule> rules;
};

class Options {
 public:
  /// The error is one sentence. `--help` is always accepted.
  static Result<Options, std::string> parse(const OptionTable& table, Words words);

  bool has(std::string_view name) const { return values_.contains(name); }
  std::string text(std::string_view name, std::string_view otherwise) const;
  /// All values of an option that may be repeated, or may hold several values separated by commas.
  std::vector<std::string> list(std::string_view name) const;
  Result<std::int64_t, std::string> whole(std::string_view name, std::int64_t otherwise, std::int64_t low,
                                          std::int64_t high) const;
  Result<double, std::string> number(std::string_view name, double otherwise, double low, double high) const;
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
  std::vector<std::string> rest_;
};

/// The text printed for --help, and after an error.
std::string usage_text(const OptionTable& table);

/// Parses the options; prints the usage or the error. If the result is empty, return `status`.
std::optional<Options> read_options(const OptionTable& table, Words words, int& status);

/// Prints "mm-sim: <what>" to standard error and returns `status`.
int refuse(const std::string& what, int status = kExitUsage);

}  // namespace mm::simulator
