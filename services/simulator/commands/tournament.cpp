#include "services/simulator/commands/tournament.h"

#include <chrono>
#include <cstdio>
#include <fstream>

#include "services/simulator/analysis/contest.h"
#include "services/simulator/commands/inputs.h"
#include "services/simulator/commands/options.h"
#include "services/simulator/report/csv.h"
#include "services/simulator/report/progress_line.h"
#include "services/simulator/world/trial.h"

namespace mm::simulator {
namespace {

const OptionTable kTable{"tournament",
                         "[options] [population …]",
                         {{"--policies", "NAMES", "policies, separated by commas (all but ours and experiments)"},
                          {"--champion", "NAME", "the policy that is compared with all others (ours)"},
                          {"--rules", "FILE", "a mode table (the shipped one)"},
                          {"--seed", "NUMBER", "the first seed (1)"},
                          {"--seeds", "NUMBER", "number of seeds, whose means are shown (5; quick: 1)"},
                          {"--quick", "", "small populations for a short time; takes less than half a minute"},
                          {"--csv", "FILE", "also write the scores to this file"},
                          {"--markdown", "", "print tables as Markdown"},
                          {"--quiet", "", "show no progress"}}};

/// The populations of a quick tournament, which takes only a part of their time.
constexpr std::string_view kQuick[] = {"club-1v1",     "club-5v5",    "night-5v5",
                                       "outliers-1v1", "evening-1v1", "evening-5v5"};
constexpr double kQuickPart = 0.25;

struct Plan {
  std::vector<Population> populations;
  std::vector<const PolicyKind*> kinds;
  ModeTable modes;
  std::int64_t seed = 1;
  std::int64_t seeds = 1;
  bool markdown = false;
  bool quiet = false;
  std::string csv;
};

Result<std::vector<const PolicyKind*>, std::string> chosen_policies(const Options& options) {
  const std::string champion = options.text("--champion", "ours");
  std::vector<const PolicyKind*> kinds{find_policy(champion)};
  if (kinds[0] == nullptr) return fail("no policy " + champion + "; mm-sim policies lists them");
  const auto names = options.list("--policies");
  for (const std::string& name : names) {
    const PolicyKind* kind = find_policy(name);
    if (kind == nullptr) return fail("no policy " + name + "; mm-sim policies lists them");
    if (kind != kinds[0]) kinds.push_back(kind);
  }
  if (!names.empty()) return kinds;
  for (const PolicyKind& kind : policy_kinds()) {
    if (kind.standing == Standing::rival && &kind != kinds[0]) kinds.push_back(&kind);
  }
  return kinds;
}

Result<Plan, std::string> make_plan(const Options& options) {
  Plan plan;
  auto names = options.rest();
  const bool quick = options.has("--quick");
  if (names.empty() && quick) names.assign(std::begin(kQuick), std::end(kQuick));
  if (names.empty()) names = shipped_populations();
  auto populations = load_populations(names);
  if (!populations) return fail(populations.error());
  plan.populations = std::move(*populations);
  if (quick) {
    for (Population& population : plan.populations) population.minutes *= kQuickPart;
  }
  auto kinds = chosen_policies(options);
  if (!kinds) return fail(kinds.error());
  plan.kinds = std::move(*kinds);
  auto modes = load_modes(options.text("--rules", ""));
  if (!modes) return fail(modes.error());
  plan.modes = std::move(*modes);
  const auto seed = options.whole("--seed", 1, 0, 1'000'000'000);
  const auto seeds = options.whole("--seeds", quick ? 1 : 5, 1, 1000);
  if (!seed) return fail(seed.error());
  if (!seeds) return fail(seeds.error());
  plan.seed = *seed;
  plan.seeds = *seeds;
  plan.markdown = options.has("--markdown");
  plan.quiet = options.has("--quiet");
  plan.csv = options.text("--csv", "");
  return plan;
}

/// Plays one policy on one population, all seeds.
Score play(const Plan& plan, const Population& population, const ModeRules& rules, const PolicyKind& kind,
           ProgressLine& progress) {
  ScoreKeeper keeper{std::string(kind.name)};
  for (std::int64_t i = 0; i < plan.seeds; ++i) {
    const auto seed = static_cast<std::uint64_t>(plan.seed + i);
    const Crowd crowd(population, seed);
    const Terms terms = terms_for(population, rules, crowd, seed);
    const auto report_progress = [&](const Progress& p) {
      char text[160];
      std::snprintf(text, sizeof text, "%s, %s, seed %llu: %3.0f %%, %zu waiting, %llu matches",
                    population.name.c_str(), std::string(kind.name).c_str(), static_cast<unsigned long long>(seed),
                    p.done * 100, p.waiting, static_cast<unsigned long long>(p.matches));
      progress.show(text);
    };
    keeper.add(run_trial(population, crowd, terms, kind, report_progress));
  }
  return keeper.score();
}

void print_population(const Plan& plan, const Population& population, const std::vector<Score>& scores) {
  const std::string& name = population.name;
  const std::string& champion = scores.front().policy;
  const Table table = score_table(scores);
  if (plan.markdown) {
    std::printf("### %s\n\n%s\n\n%s\n", name.c_str(), population.about.c_str(), markdown(table).c_str());
    for (const std::string& line : verdicts(scores)) std::printf("- %s %s\n", champion.c_str(), line.c_str());
  } else {
    std::printf("%s: %s\n\n%s\n", name.c_str(), population.about.c_str(), plain_text(table).c_str());
    for (const std::string& line : verdicts(scores)) std::printf("    %s %s\n", champion.c_str(), line.c_str());
  }
  std::printf("\n");
  std::fflush(stdout);
}

struct Tally {
  std::string champion;
  int duels = 0;
  int lost = 0;
  int behind = 0;  ///< in both figures, but not significantly
  int clear = 0;
  std::uint64_t faults = 0;
  std::vector<std::string> losses;

  void add(const Population& population, const std::vector<Score>& scores) {
    champion = scores[0].policy;
    faults += scores[0].faults.faulty;
    for (std::size_t i = 1; i < scores.size(); ++i) {
      const Comparison duel = compare(scores[0], scores[i]);
      ++duels;
      clear += duel.first_clearly_better_in_one() ? 1 : 0;
      if (!duel.second_dominates()) continue;
      if (!duel.certain) {
        ++behind;
        continue;
      }
      ++lost;
      losses.push_back(population.name + " to " + scores[i].policy);
    }
  }

  void print(double seconds) const {
    std::printf(
        "%d comparisons on all populations: %s is significantly worse in both wait and quality in %d (worse in both, "
        "but not significantly, in %d), and at least 10 %% better in one of them in %d. Its faulty matches: %llu. %.0f "
        "s.\n",
        duels, champion.c_str(), lost, behind, clear, static_cast<unsigned long long>(faults), seconds);
    for (const std::string& loss : losses) std::printf("  lost: %s\n", loss.c_str());
  }
};

}  // namespace

int run_tournament(Words words) {
  int status = kExitFine;
  const auto options = read_options(kTable, words, status);
  if (!options) return status;
  const auto plan = make_plan(*options);
  if (!plan) return refuse(plan.error(), kExitBadInput);
  const auto begin = std::chrono::steady_clock::now();
  ProgressLine progress(plan->quiet);
  Csv csv(score_columns());
  Tally tally;
  for (const Population& population : plan->populations) {
    const auto rules = rules_for(population, plan->modes);
    if (!rules) return refuse(rules.error(), kExitBadInput);
    std::vector<Score> scores;
    Terms terms;
    terms.rules = *rules;
    terms.team_size = population.team_size;
    for (const PolicyKind* kind : plan->kinds) {
      if (!plays(*kind, terms)) continue;
      scores.push_back(play(*plan, population, *rules, *kind, progress));
      csv.add(score_row(population.name, scores.back()));
    }
    progress.clear();
    print_population(*plan, population, scores);
    tally.add(population, scores);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  tally.print(took.count());
  if (!plan->csv.empty() && !csv.write(plan->csv)) return refuse("cannot write " + plan->csv, kExitFailed);
  return tally.faults == 0 ? kExitFine : kExitFailed;
}

}  // namespace mm::simulator
