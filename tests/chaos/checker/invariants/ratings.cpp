// I18, I19: the ratings follow from the log of their changes. Written without the code of the profile service, so that
// a fault there is not repeated here.
#include <map>
#include <string>
#include <tuple>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kInitialRating = 150'000;

/// Elo is the system of rated matches from before the column existed.
bool is_elo(const Run& run, const AppliedRow& log) {
  return log.rated && (!log.system || run.symbols.text(log.system) == "elo");
}

/// The row of the match and those of its changes.
std::vector<Where> lines_of_match(const Run& run, const AppliedRow& log) {
  std::vector<Where> lines{log.at};
  const auto changes = run.changes_of_match.find(log.match);
  if (changes == run.changes_of_match.end()) return lines;
  for (const auto index : changes->second) lines.push_back(run.changes[index].at);
  return lines;
}

/// True if the changes of the match add up to zero, or are all zero if it was not rated.
bool check_sum(const Run& run, const AppliedRow& log, Verdict& verdict) {
  const auto changes = run.changes_of_match.find(log.match);
  if (changes == run.changes_of_match.end()) return true;
  std::int64_t sum = 0;
  bool changed = false;
  for (const auto index : changes->second) {
    const auto change = run.changes[index].after - run.changes[index].before;
    sum += change;
    changed = changed || change != 0;
  }
  const auto about = named(run, "match", log.match);
  if (!log.rated && changed) {
    verdict.add(about + " is of an unrated mode and changed ratings.", lines_of_match(run, log));
    return false;
  }
  if (is_elo(run, log) && sum != 0) {
    verdict.add("the changes of " + about + " add up to " + std::to_string(sum) + " hundredths.",
                lines_of_match(run, log));
    return false;
  }
  return true;
}

struct Mode {
  std::int64_t sum = 0;
  bool balanced = true;  ///< only Elo, and no match that has been reported
};

void check_totals(const Run& run, std::map<std::tuple<Symbol, Symbol>, Mode>& modes, Verdict& verdict) {
  for (const auto& rating : run.ratings) modes[{rating.tenant, rating.mode}].sum += rating.mmr - kInitialRating;
  for (const auto& [name, mode] : modes) {
    if (!mode.balanced || mode.sum == 0) continue;
    verdict.add("all ratings of mode " + run.text(std::get<1>(name)) + " together are " + std::to_string(mode.sum) +
                    " hundredths away from 1500 per player.",
                {});
  }
}

/// A player's rating while the log is replayed.
struct Replayed {
  std::int64_t mmr = kInitialRating;
  std::int64_t wins = 0, losses = 0, draws = 0;
  const RatingChangeRow* last = nullptr;
  bool broken = false;  ///< was reported
};
using ReplayedPlayers = std::map<std::tuple<Symbol, Symbol, Symbol>, Replayed>;

void replay(const Run& run, const AppliedRow& log, ReplayedPlayers& players, Verdict& verdict) {
  const auto changes = run.changes_of_match.find(log.match);
  if (changes == run.changes_of_match.end()) {
    return verdict.add(named(run, "match", log.match) + " was applied without changes of ratings.", {log.at});
  }
  for (const auto index : changes->second) {
    const auto& change = run.changes[index];
    auto& player = players[{log.tenant, change.player, log.mode}];
    if (change.before != player.mmr && !player.broken) {
      player.broken = true;
      std::vector<Where> lines{change.at};
      if (player.last != nullptr) lines.insert(lines.begin(), player.last->at);
      verdict.add(named(run, "match", log.match) + " took the rating of " + named(run, "player", change.player) +
                      " as " + std::to_string(change.before) + " hundredths, when it was " +
                      std::to_string(player.mmr) + ".",
                  lines);
    }
    player.mmr = change.after;
    player.last = &change;
    const bool draw = !log.winning_team;
    player.draws += draw ? 1 : 0;
    player.wins += !draw && *log.winning_team == change.team ? 1 : 0;
    player.losses += !draw && *log.winning_team != change.team ? 1 : 0;
  }
}

void compare(const Run& run, const RatingRow& row, const Replayed& player, Verdict& verdict) {
  const bool same_counts = row.wins == player.wins && row.losses == player.losses && row.draws == player.draws;
  if (player.broken || (row.mmr == player.mmr && same_counts)) return;
  std::vector<Where> lines{row.at};
  if (player.last != nullptr) lines.insert(lines.begin(), player.last->at);
  verdict.add(named(run, "player", row.player) + " has " + std::to_string(row.mmr) + " hundredths, " +
                  std::to_string(row.wins) + " wins, " + std::to_string(row.losses) + " losses and " +
                  std::to_string(row.draws) + " draws in mode " + run.text(row.mode) + "; the log gives " +
                  std::to_string(player.mmr) + ", " + std::to_string(player.wins) + ", " +
                  std::to_string(player.losses) + " and " + std::to_string(player.draws) + ".",
              lines);
}

}  // namespace

Verdict check_rating_sums(const Run& run) {
  if (!run.has("profile.applied") || !run.has("profile.rating_change")) {
    return not_checked("profile.applied or profile.rating_change was not dumped");
  }
  Verdict verdict;
  verdict.things = "applied matches";
  std::map<std::tuple<Symbol, Symbol>, Mode> modes;
  for (const auto& log : run.applied) {
    ++verdict.checked;
    auto& mode = modes[{log.tenant, log.mode}];
    const bool fine = check_sum(run, log, verdict);
    mode.balanced = mode.balanced && fine && (!log.rated || is_elo(run, log));
  }
  check_totals(run, modes, verdict);
  return verdict;
}

Verdict check_rating_replay(const Run& run) {
  if (!run.has("profile.applied") || !run.has("profile.rating_change") || !run.has("profile.rating")) {
    return not_checked("a table of profile was not dumped");
  }
  Verdict verdict;
  verdict.things = "ratings";
  ReplayedPlayers players;
  for (const auto& log : run.applied) replay(run, log, players, verdict);
  for (const auto& row : run.ratings) {
    ++verdict.checked;
    const auto player = players.extract({row.tenant, row.player, row.mode});
    compare(run, row, player ? player.mapped() : Replayed{}, verdict);
  }
  for (const auto& [name, player] : players) {
    verdict.add(named(run, "player", std::get<1>(name)) + " has changes in the log and no rating in mode " +
                    run.text(std::get<2>(name)) + ".",
                {player.last->at});
  }
  return verdict;
}

}  // namespace mm::chaos
