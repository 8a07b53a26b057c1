#include "tests/chaos/checker/command.h"

#include <fstream>

#include "tests/chaos/checker/input/read_run.h"
#include "tests/chaos/checker/report.h"

namespace mm::chaos {
namespace {

constexpr std::string_view kUsage =
    "usage: mm-check RUN [--json FILE]\n"
    "Checks the history and the dumps in the folder RUN against the invariants I01 to I34.\n"
    "Exit status: 0 nothing is violated, 1 something is, 2 the run cannot be read.\n";

struct Arguments {
  std::string folder;
  std::string json;
};

std::optional<Arguments> parse(const std::vector<std::string>& arguments) {
  Arguments parsed;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json" && i + 1 < arguments.size()) {
      parsed.json = arguments[++i];
    } else if (arguments[i].starts_with("-") || !parsed.folder.empty()) {
      return std::nullopt;
    } else {
      parsed.folder = arguments[i];
    }
  }
  return parsed.folder.empty() ? std::nullopt : std::optional(parsed);
}

}  // namespace

int check_command(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& errors) {
  const auto parsed = parse(arguments);
  if (!parsed) {
    errors << kUsage;
    return 2;
  }
  const auto run = read_run(parsed->folder);
  if (!run) {
    errors << run.error().text << "\n";
    return 2;
  }
  const auto findings = check_all(*run);
  print_text(*run, findings, out);
  if (!parsed->json.empty()) {
    std::ofstream file(parsed->json);
    print_json(*run, findings, file);
    if (!file.flush()) {
      errors << parsed->json << ": cannot be written\n";
      return 2;
    }
  }
  return any_violated(findings) ? 1 : 0;
}

}  // namespace mm::chaos
