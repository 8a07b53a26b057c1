#include "services/simulator/commands/run.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "services/simulator/commands/inputs.h"
#include "services/simulator/commands/options.h"
#include "services/simulator/report/html.h"
#include "services/simulator/report/png.h"
#include "services/simulator/report/progress_line.h"
#include "services/simulator/report/run_report.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

const OptionTable kTable{"run",
                         "[options] [rules.toml …]    (none: the shipped rules)",
                         {{"--population", "NAMES", "shipped populations or files, separated by commas (evening-5v5)"},
                          {"--seed", "NUMBER", "the first seed (1)"},
                          {"--seeds", "NUMBER", "number of seeds, whose results are merged (1)"},
                          {"--minutes", "NUMBER", "measured time (that of the population)"},
                          {"--policy", "NAME", "the policy, see mm-sim policies (ours)"},
                          {"--out", "DIR", "write report.html, charts, summary.csv and queueings.csv there"},
                          {"--quiet", "", "show no progress"}}};

struct RuleSet {
  std::string name;
  ModeTable modes;
};

struct Plan {
  std::vector<Population> populations;
  std::vector<RuleSet> rules;
  const PolicyKind* kind = nullptr;
  std::int64_t seed = 1;
  std::int64_t seeds = 1;
  bool quiet = false;
  std::string out;
};

Result<std::vector<RuleSet>, std::string> load_rules(const std::vector<std::string>& paths) {
  std::vector<RuleSet> sets;
  for (const std::string& path : paths.empty() ? std::vector<std::string>{""} : paths) {
    auto modes = load_modes(path);
    if (!modes) return fail(modes.error());
    sets.push_back({path.empty() ? "shipped" : std::filesystem::path(path).stem().string(), std::move(*modes)});
  }
  return sets;
}

Result<Plan, std::string> make_plan(const Options& options) {
  Plan plan;
  auto names = options.list("--population");
  if (names.empty()) names.emplace_back("evening-5v5");
  auto populations = load_populations(names);
  if (!populations) return fail(populations.error());
  plan.populations = std::move(*populations);
  auto rules = load_rules(options.rest());
  if (!rules) return fail(rules.error());
  plan.rules = std::move(*rules);
  plan.kind = find_policy(options.text("--policy", "ours"));
  if (plan.kind == nullptr) return fail("no policy " + options.text("--policy", ""));
  const auto seed = options.whole("--seed", 1, 0, 1'000'000'000);
  const auto seeds = options.whole("--seeds", 1, 1, 1000);
  const auto minutes = options.number("--minutes", 0, 0.1, 100'000);
  if (!seed) return fail(seed.error());
  if (!seeds) return fail(seeds.error());
  if (!minutes) return fail(minutes.error());
  plan.seed = *seed;
  plan.seeds = *seeds;
  if (options.has("--minutes")) {
    for (Population& population : plan.populations) population.minutes = *minutes;
  }
  plan.quiet = options.has("--quiet");
  plan.out = options.text("--out", "");
  return plan;
}

Result<RunResult, std::string> simulate(const Plan& plan, const Population& population, const RuleSet& set,
                                        ProgressLine& progress) {
  const auto rules = rules_for(population, set.modes);
  if (!rules) return fail(rules.error());
  RunResult result{set.name, {}, {}};
  for (std::int64_t i = 0; i < plan.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(plan.seed + i);
    const Crowd crowd(population, seed);
    const Terms terms = terms_for(population, *rules, crowd, seed);
    if (!plays(*plan.kind, terms))
      return fail(std::string(plan.kind->name) + " does not support the format of " + population.name);
    const auto report_progress = [&](const Progress& p) {
      char text[160];
      std::snprintf(text, sizeof text, "%s, %s, seed %llu: %3.0f %%, %zu waiting, %llu matches",
                    population.name.c_str(), set.name.c_str(), static_cast<unsigned long long>(seed), p.done * 100,
                    p.waiting, static_cast<unsigned long long>(p.matches));
      progress.show(text);
    };
    merge(result.record, run_trial(population, crowd, terms, *plan.kind, report_progress));
  }
  result.parts = summarise_parts(result.record.queueings);
  return result;
}

void print_result(const Population& population, const std::vector<RunResult>& results) {
  std::printf("%s: %s\n\n%s\n", population.name.c_str(), population.about.c_str(),
              plain_text(overall_table(results)).c_str());
  for (const char* kind : {"decile", "party", "hour"}) {
    const Table table = parts_table(results, kind);
    if (!table.rows.empty()) std::printf("%s\n", plain_text(table).c_str());
  }
  std::fflush(stdout);
}

/// The files of one run: one page and one CSV of each kind, for all populations.
class Output {
 public:
  explicit Output(std::string folder)
      : folder_(std::move(folder)),
        page_("Matchmaking simulation"),
        parts_(part_columns()),
        queueings_(queueing_columns()) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    pngs_ = can_write_png();
  }

  bool add(const Population& population, const std::vector<RunResult>& results) {
    page_.heading(population.name);
    page_.paragraph(population.about);
    page_.table("Everyone", overall_table(results));
    const auto charts = charts_of(results);
    page_.charts(charts);
    page_.table("By rating decile", parts_table(results, "decile"));
    if (const Table table = parts_table(results, "party"); !table.rows.empty()) page_.table("By party size", table);
    if (const Table table = parts_table(results, "hour"); !table.rows.empty()) page_.table("By hour", table);
    for (const RunResult& result : results) {
      for (const Part& part : result.parts) parts_.add(part_row(population.name, result.rules, part));
      for (const Queueing& q : result.record.queueings) queueings_.add(queueing_row(population.name, result.rules, q));
    }
    return write_charts(population.name, charts);
  }

  bool finish() const {
    return write("report.html", page_.text()) && parts_.write(folder_ + "/summary.csv") &&
           queueings_.write(folder_ + "/queueings.csv");
  }
  bool wrote_pngs() const { return pngs_; }

 private:
  bool write_charts(const std::string& population, const std::vector<Chart>& charts) {
    for (const Chart& chart : charts) {
      std::string name = population + "-" + chart.title;
      for (char& c : name) c = c == ' ' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (!write(name + ".svg", svg(chart))) return false;
      if (pngs_ && !write_png(folder_ + "/" + name + ".svg", folder_ + "/" + name + ".png")) return false;
    }
    return true;
  }

  bool write(const std::string& name, const std::string& text) const {
    std::ofstream file(folder_ + "/" + name, std::ios::binary | std::ios::trunc);
    file << text;
    return static_cast<bool>(file.flush());
  }

  std::string folder_;
  HtmlPage page_;
  Csv parts_, queueings_;
  bool pngs_ = false;
};

}  // namespace

int run_run(Words words) {
  int status = kExitFine;
  const auto options = read_options(kTable, words, status);
  if (!options) return status;
  const auto plan = make_plan(*options);
  if (!plan) return refuse(plan.error(), kExitBadInput);
  ProgressLine progress(plan->quiet);
  std::optional<Output> output;
  if (!plan->out.empty()) output.emplace(plan->out);
  for (const Population& population : plan->populations) {
    std::vector<RunResult> results;
    for (const RuleSet& set : plan->rules) {
      auto result = simulate(*plan, population, set, progress);
      progress.clear();
      if (!result) return refuse(result.error(), kExitBadInput);
      results.push_back(std::move(*result));
    }
    print_result(population, results);
    if (output && !output->add(population, results)) return refuse("cannot write to " + plan->out, kExitFailed);
  }
  if (!output) return kExitFine;
  if (!output->finish()) return refuse("cannot write to " + plan->out, kExitFailed);
  std::printf("Written to %s: report.html, summary.csv, queueings.csv, charts as SVG%s.\n", plan->out.c_str(),
              output->wrote_pngs() ? " and PNG" : " (no PNG: rsvg-convert is not installed)");
  return kExitFine;
}

}  // namespace mm::simulator
