// I15, I16, I17: results are stored as they were acknowledged, and take effect once.
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

bool is(const Run& run, Symbol symbol, std::string_view text) { return run.symbols.text(symbol) == text; }

void check_stored(const Run& run, const MatchStory& match, const Call& report, Verdict& verdict) {
  const auto about = "the result of " + named(run, "match", match.match) + " was acknowledged, and ";
  const auto* row = run.row(match);
  if (row == nullptr) return verdict.add(about + "the match has no row.", {report.begin_at, report.end_at});
  const bool voided = is(run, row->reason, "voided");
  if ((!is(run, row->state, "completed") && !voided) || (!voided && !row->result_hash)) {
    return verdict.add(about + "the match is stored as " + run.text(row->state) + ".",
                       {report.begin_at, report.end_at, row->at});
  }
  const auto applied = run.applied_of_match.find(match.match);
  if (!report.has_winning_team || applied == run.applied_of_match.end()) return;
  const auto& log = run.applied[applied->second];
  if (log.winning_team == report.winning_team) return;
  verdict.add(about + "another winner is stored.", {report.begin_at, report.end_at, log.at});
}

void check_repetitions(const Run& run, const MatchStory& match, Verdict& verdict) {
  const Call* accepted = nullptr;
  const auto about = named(run, "match", match.match);
  for (const auto index : match.reports) {
    const auto& report = run.calls[index];
    if (!report.ok()) continue;
    if (accepted == nullptr) accepted = &report;
    if (report.hash == accepted->hash) continue;
    return verdict.add("two different results of " + about + " were accepted.",
                       {accepted->begin_at, accepted->end_at, report.begin_at, report.end_at});
  }
  if (accepted == nullptr) return;
  for (const auto index : match.reports) {
    const auto& report = run.calls[index];
    const bool refused = report.outcome == Outcome::fail &&
                         (is(run, report.code, "result_conflict") || is(run, report.code, "match_over"));
    if (!refused || report.hash != accepted->hash) continue;
    return verdict.add("the accepted result of " + about + " was refused when it was reported again.",
                       {accepted->begin_at, accepted->end_at, report.begin_at, report.end_at});
  }
}

using PlayerInMode = std::tuple<Symbol, Symbol, Symbol>;  // tenant, player, mode

/// How many completed and applied matches each player has in each mode.
std::map<PlayerInMode, std::int64_t> applied_games(const Run& run) {
  std::map<PlayerInMode, std::int64_t> games;
  for (const auto& row : run.matches) {
    if (!is(run, row.state, "completed") || !run.applied_of_match.contains(row.match)) continue;
    for (const auto& seat : row.roster) ++games[{row.tenant, seat.player, row.mode}];
  }
  return games;
}

void check_applied_rows(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, Where> seen;
  for (const auto& log : run.applied) {
    const auto [place, fresh] = seen.try_emplace(log.match, log.at);
    if (!fresh) verdict.add(named(run, "match", log.match) + " was applied twice.", {place->second, log.at});
    const auto* match = run.match(log.match);
    const auto* row = match == nullptr ? nullptr : run.row(*match);
    if (row != nullptr && is(run, row->state, "completed")) continue;
    std::vector<Where> lines{log.at};
    if (row != nullptr) lines.push_back(row->at);
    verdict.add(named(run, "match", log.match) + " was applied to the ratings and is not completed.", lines);
  }
  for (const auto& row : run.matches) {
    if (!is(run, row.state, "completed")) continue;
    ++verdict.checked;
    if (run.applied_of_match.contains(row.match)) continue;
    verdict.add(named(run, "match", row.match) + " is completed and was not applied to the ratings.", {row.at});
  }
}

void check_games(const Run& run, Verdict& verdict) {
  auto games = applied_games(run);
  for (const auto& rating : run.ratings) {
    const auto played = games.find({rating.tenant, rating.player, rating.mode});
    const auto expected = played == games.end() ? 0 : played->second;
    if (played != games.end()) games.erase(played);
    if (rating.games == expected) continue;
    verdict.add(named(run, "player", rating.player) + " has " + std::to_string(rating.games) + " games in mode " +
                    run.text(rating.mode) + " after " + std::to_string(expected) + " completed matches.",
                {rating.at});
  }
  for (const auto& [player, expected] : games) {
    verdict.add(named(run, "player", std::get<1>(player)) + " has no rating in mode " + run.text(std::get<2>(player)) +
                    " after " + std::to_string(expected) + " completed matches.",
                {});
  }
}

}  // namespace

Verdict check_acknowledged_results(const Run& run) {
  if (!run.has("session.match")) return not_checked("session.match was not dumped");
  Verdict verdict;
  verdict.things = "acknowledged results";
  for (const auto& match : run.match_stories) {
    for (const auto index : match.reports) {
      if (!run.calls[index].ok()) continue;
      ++verdict.checked;
      check_stored(run, match, run.calls[index], verdict);
    }
  }
  if (verdict.checked == 0) verdict.not_checked = "the history has no acknowledged result";
  return verdict;
}

Verdict check_repeated_results(const Run& run) {
  Verdict verdict;
  verdict.things = "reports of results";
  for (const auto& match : run.match_stories) {
    verdict.checked += match.reports.size();
    check_repetitions(run, match, verdict);
  }
  if (verdict.checked == 0) verdict.not_checked = "the history has no report of a result";
  return verdict;
}

Verdict check_applied_once(const Run& run) {
  if (!run.has("session.match") || !run.has("profile.applied")) {
    return not_checked("session.match or profile.applied was not dumped");
  }
  Verdict verdict;
  verdict.things = "completed matches";
  check_applied_rows(run, verdict);
  if (run.has("profile.rating")) check_games(run, verdict);
  return verdict;
}

}  // namespace mm::chaos
