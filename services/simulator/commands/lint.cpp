#include "services/simulator/commands/lint.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "common/base/limits.h"
#include "services/simulator/commands/options.h"

namespace mm::simulator {
namespace {

const OptionTable kTable{"lint", "[options] FILE …", {{"--strict", "", "exit status 1 also for warnings"}}};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

/// Checks one mode; each function is one rule.
class ModeLint {
 public:
  ModeLint(const wire::LocatedMode& mode, std::vector<LintWarning>& warnings)
      : mode_(mode), rules_(mode.rules), warnings_(warnings) {}

  void run() {
    windows_without_ratings();
    windows_that_stand_still();
    the_other_widening();
    windows_that_open_too_late();
    steps();
    latencies();
    parties();
    team_sizes();
    ratings();
    graces();
  }

 private:
  bool says(std::string_view key) const { return mode_.keys.contains(key); }

  void warn(std::string_view key, const std::string& what) {
    const auto found = mode_.keys.find(key);
    warnings_.push_back({found != mode_.keys.end() ? found->second : mode_.place, std::string(key) + " " + what});
  }
  void does_nothing(std::initializer_list<std::string_view> keys, const std::string& why) {
    for (const auto key : keys) {
      if (says(key)) warn(key, "does nothing: " + why);
    }
  }

  bool by_steps() const { return rules_.widen == Widening::steps; }
  bool stands_still() const { return rules_.max_window <= rules_.initial_window; }

  void windows_without_ratings() {
    if (rules_.use_rating) return;
    does_nothing({"initial_window", "max_window", "widen", "widen_seconds", "step_seconds", "step_points"},
                 "use_rating is false");
  }

  void windows_that_stand_still() {
    if (!rules_.use_rating) return;
    if (stands_still()) {
      does_nothing({"widen", "widen_seconds", "step_seconds", "step_points"}, "max_window equals initial_window");
    } else if (rules_.initial_window >= 2 * limits::kMaxRating) {
      warn("initial_window", "is as wide as all ratings: max_window does nothing");
    }
  }

  void the_other_widening() {
    if (!rules_.use_rating || stands_still()) return;
    if (by_steps()) does_nothing({"widen_seconds"}, "widen is \"steps\"");
    else does_nothing({"step_seconds", "step_points"}, "widen is \"linear\"");
  }

  void windows_that_open_too_late() {
    if (!rules_.use_rating || stands_still()) return;
    const double growth = rules_.max_window - rules_.initial_window;
    const double wait = rules_.max_wait_seconds;
    const auto timed_out = "tickets time out after " + number(wait) + " s";
    if (!by_steps()) {
      if (rules_.widen_seconds <= wait) return;
      const double reached = rules_.initial_window + growth * wait / rules_.widen_seconds;
      warn("widen_seconds", "is more than max_wait_seconds: the window never reaches max_window, but " +
                                number(std::round(reached)) + "; " + timed_out);
      return;
    }
    const double steps = std::ceil(growth / rules_.step_points - 1e-9);
    if (rules_.step_seconds >= wait) {
      warn("step_seconds", "is not less than max_wait_seconds: the window never widens; " + timed_out);
    } else if (steps * rules_.step_seconds > wait) {
      warn("step_seconds", "is too long to reach max_window: that takes " + number(steps) + " steps, " +
                               number(steps * rules_.step_seconds) + " s; " + timed_out);
    }
  }

  void steps() {
    if (!rules_.use_rating || stands_still() || !by_steps()) return;
    const double growth = rules_.max_window - rules_.initial_window;
    if (rules_.step_points <= growth) return;
    warn("step_points", "overshoots in the first step: from initial_window to max_window there are only " +
                            number(growth) + " points");
  }

  void latencies() {
    const ModeRules plain;
    const bool tuned =
        rules_.latency_step_ms != plain.latency_step_ms || rules_.latency_step_seconds != plain.latency_step_seconds;
    if (!rules_.max_latency_ms) {
      if (!tuned) return;
      const auto why = "is set without max_latency_ms: with time every region opens to a ticket, however far";
      for (const std::string_view key : {"latency_step_ms", "latency_step_seconds"}) {
        if (says(key)) warn(key, why);
      }
      return;
    }
    if (rules_.latency_step_ms <= 0) {
      does_nothing({"latency_step_seconds"}, "latency_step_ms is 0, so only the best region is ever open");
    } else if (rules_.latency_step_seconds >= rules_.max_wait_seconds) {
      warn("latency_step_seconds", "is not less than max_wait_seconds: a second region never opens");
    } else if (rules_.latency_step_ms > *rules_.max_latency_ms) {
      warn("latency_step_ms", "is more than max_latency_ms: the first step opens every region there is");
    }
  }

  int largest_team() const { return *std::max_element(rules_.team_sizes.begin(), rules_.team_sizes.end()); }

  void parties() {
    const int largest = std::min(largest_team(), limits::kMaxPartySize);
    const auto entries = static_cast<int>(rules_.premade_offset.size());
    if (entries > largest) {
      warn("premade_offset", "has " + std::to_string(entries) + " entries, but the largest party has " +
                                 std::to_string(largest) + (largest == 1 ? " player" : " players"));
    }
    if (!rules_.max_party_spread) return;
    if (largest == 1) {
      warn("max_party_spread", "does nothing: no team has room for a party");
    } else if (*rules_.max_party_spread >= 2 * limits::kMaxRating) {
      warn("max_party_spread", "does nothing: ratings are no farther apart than " + number(2 * limits::kMaxRating));
    }
  }

  void team_sizes() {
    for (const int size : rules_.team_sizes) {
      if (size <= limits::kMaxPartySize) continue;
      warn("team_sizes", "has " + std::to_string(size) + ", which no party fills: parties have at most " +
                             std::to_string(limits::kMaxPartySize) + " players, so every team has several parties");
    }
  }

  void ratings() {
    if (!rules_.rated) {
      does_nothing({"rating"}, "rated is false");
    } else if (rules_.margin_stat && rules_.margin_weight <= 0) {
      does_nothing({"margin_stat"}, "margin_weight is 0");
    }
  }

  void graces() {
    if (rules_.disconnect_grace_seconds < rules_.max_wait_seconds || !says("disconnect_grace_seconds")) return;
    warn("disconnect_grace_seconds",
         "never ends: " + std::string("tickets time out after ") + number(rules_.max_wait_seconds) + " s");
  }

  const wire::LocatedMode& mode_;
  const ModeRules& rules_;
  std::vector<LintWarning>& warnings_;
};

struct Count {
  std::size_t modes = 0;
  std::size_t errors = 0;
  std::size_t warnings = 0;
};

void lint_file(const std::string& path, Count& count) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    std::printf("%s: error: cannot be read\n", path.c_str());
    ++count.errors;
    return;
  }
  const auto modes = wire::parse_located_modes(text.str(), path);
  if (!modes) {
    for (const auto& problem : modes.error().problems) std::printf("error: %s\n", problem.c_str());
    count.errors += modes.error().problems.size();
    return;
  }
  count.modes += modes->size();
  for (const auto& [place, what] : lint(*modes)) {
    std::printf("warning: %s:%u:%u: %s\n", path.c_str(), place.line, place.column, what.c_str());
    ++count.warnings;
  }
}

}  // namespace

std::vector<LintWarning> lint(const std::vector<wire::LocatedMode>& modes) {
  std::vector<LintWarning> warnings;
  for (const auto& mode : modes) ModeLint(mode, warnings).run();
  std::stable_sort(warnings.begin(), warnings.end(), [](const LintWarning& a, const LintWarning& b) {
    return a.place.line != b.place.line ? a.place.line < b.place.line : a.place.column < b.place.column;
  });
  return warnings;
}

int run_lint(Words words) {
  int status = kExitFine;
  const auto options = read_options(kTable, words, status);
  if (!options) return status;
  if (options->rest().empty()) return refuse("lint takes the names of mode tables");
  Count count;
  for (const std::string& path : options->rest()) lint_file(path, count);
  std::printf("%zu modes, %zu errors, %zu warnings\n", count.modes, count.errors, count.warnings);
  return count.errors > 0 || (options->has("--strict") && count.warnings > 0) ? kExitFailed : kExitFine;
}

}  // namespace mm::simulator
