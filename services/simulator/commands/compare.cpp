#include "services/simulator/commands/compare.h"

#include <cstdio>
#include <fstream>

#include "services/simulator/analysis/contrast.h"
#include "services/simulator/commands/inputs.h"
#include "services/simulator/commands/options.h"
#include "services/simulator/report/html.h"
#include "services/simulator/report/progress_line.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

const OptionTable kTable{"compare",
                         "[options] rulesA.toml rulesB.toml    (\"shipped\": the shipped rules)",
                         {{"--population", "NAMES", "shipped populations or files, separated by commas (evening-5v5)"},
                          {"--seed", "NUMBER", "the first seed (1)"},
                          {"--seeds", "NUMBER", "number of seeds; more seeds give narrower intervals (8)"},
                          {"--minutes", "NUMBER", "measured time (that of the population)"},
                          {"--html", "FILE", "also write an HTML page"},
                          {"--quiet", "", "show no progress"}}};

struct Plan {
  std::vector<Population> populations;
  std::string names[2];
  ModeTable modes[2];
  std::int64_t seed = 1;
  std::int64_t seeds = 8;
  std::string html;
  bool quiet = false;
};

Result<Plan, std::string> make_plan(const Options& options) {
  Plan plan;
  if (options.rest().size() != 2) return fail(std::string("compare takes two files of rules"));
  for (std::size_t i = 0; i < 2; ++i) {
    plan.names[i] = options.rest()[i];
    auto modes = load_modes(plan.names[i] == "shipped" ? "" : plan.names[i]);
    if (!modes) return fail(modes.error());
    plan.modes[i] = std::move(*modes);
  }
  auto names = options.list("--population");
  if (names.empty()) names.emplace_back("evening-5v5");
  auto populations = load_populations(names);
  if (!populations) return fail(populations.error());
  plan.populations = std::move(*populations);
  const auto seed = options.whole("--seed", 1, 0, 1'000'000'000);
  const auto seeds = options.whole("--seeds", 8, 2, 1000);
  const auto minutes = options.number("--minutes", 0, 0.1, 100'000);
  if (!seed) return fail(seed.error());
  if (!seeds) return fail(seeds.error());
  if (!minutes) return fail(minutes.error());
  plan.seed = *seed;
  plan.seeds = *seeds;
  if (options.has("--minutes")) {
    for (Population& population : plan.populations) population.minutes = *minutes;
  }
  plan.html = options.text("--html", "");
  plan.quiet = options.has("--quiet");
  return plan;
}

Result<std::vector<Contrast>, std::string> play_both(const Plan& plan, const Population& population,
                                                     ProgressLine& progress) {
  std::vector<std::vector<Part>> parts[2];
  for (std::int64_t i = 0; i < plan.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(plan.seed + i);
    const Crowd crowd(population, seed);
    for (std::size_t side = 0; side < 2; ++side) {
      const auto rules = rules_for(population, plan.modes[side]);
      if (!rules) return fail(plan.names[side] + ": " + rules.error());
      const Terms terms = terms_for(population, *rules, crowd, seed);
      const auto report_progress = [&](const Progress& p) {
        char text[160];
        std::snprintf(text, sizeof text, "%s, seed %llu, %c: %3.0f %%, %llu matches", population.name.c_str(),
                      static_cast<unsigned long long>(seed), side == 0 ? 'A' : 'B', p.done * 100,
                      static_cast<unsigned long long>(p.matches));
        progress.show(text);
      };
      const RunRecord record = run_trial(population, crowd, terms, policy_kinds()[0], report_progress);
      parts[side].push_back(summarise_parts(record.queueings));
    }
  }
  return contrast(parts[0], parts[1]);
}

void report(const Plan& plan, const Population& population, const std::vector<Contrast>& contrasts, HtmlPage& page) {
  const std::string what = "From A (" + plan.names[0] + ") to B (" + plan.names[1] + "), " +
                           std::to_string(plan.seeds) +
                           " seeds; figures are those of A, differences are B minus A with "
                           "95 % intervals.";
  std::printf("%s: %s\n%s\n\n", population.name.c_str(), population.about.c_str(), what.c_str());
  page.heading(population.name);
  page.paragraph(population.about);
  page.paragraph(what);
  const auto lines = conclusions(contrasts);
  for (const std::string& line : lines) std::printf("  %s\n", line.c_str());
  std::printf("\n");
  page.list(lines);
  for (const char* kind : {"all", "decile", "party"}) {
    const Table table = contrast_table(contrasts, kind);
    if (table.rows.empty()) continue;
    std::printf("%s\n", plain_text(table).c_str());
    page.table(kind, table);
  }
  std::fflush(stdout);
}

}  // namespace

int run_compare(Words words) {
  int status = kExitFine;
  const auto options = read_options(kTable, words, status);
  if (!options) return status;
  const auto plan = make_plan(*options);
  if (!plan) return refuse(plan.error(), kExitBadInput);
  ProgressLine progress(plan->quiet);
  HtmlPage page("Which players gain and lose");
  for (const Population& population : plan->populations) {
    const auto contrasts = play_both(*plan, population, progress);
    progress.clear();
    if (!contrasts) return refuse(contrasts.error(), kExitBadInput);
    report(*plan, population, *contrasts, page);
  }
  if (plan->html.empty()) return kExitFine;
  std::ofstream file(plan->html, std::ios::binary | std::ios::trunc);
  file << page.text();
  return file.flush() ? kExitFine : refuse("cannot write " + plan->html, kExitFailed);
}

}  // namespace mm::simulator
