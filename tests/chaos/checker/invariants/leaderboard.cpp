// I20, I21: standings and histories follow from the log of rated matches.
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "tests/chaos/checker/invariants/invariants.h"

namespace mm::chaos {
namespace {

constexpr std::int64_t kLagMs = 5'000;
/// A row has the time at which its transaction began; the statements of a transaction may take 10 s.
constexpr std::int64_t kTransactionMs = 10'000;

template <class Row>
std::unordered_map<Symbol, const Row*> by_match(const std::vector<Row>& rows) {
  std::unordered_map<Symbol, const Row*> index;
  for (const auto& row : rows) index.emplace(row.match, &row);
  return index;
}

void check_applied(const Run& run, const AppliedRow& log, const BoardAppliedRow* applied, Verdict& verdict) {
  if (applied == nullptr) {
    return verdict.add(named(run, "match", log.match) + " was rated and is not on the leaderboard.", {log.at});
  }
  const auto lag =
      applied->applied_ms - log.applied_ms - run.timeline.disturbed_ms(log.applied_ms, applied->applied_ms);
  if (log.applied_ms < 0 || applied->applied_ms < 0 || lag <= kLagMs + kClockSlackMs) return;
  verdict.add(named(run, "match", log.match) + " came to the leaderboard " +
                  seconds_text(applied->applied_ms - log.applied_ms) + " after it was rated.",
              {log.at, applied->at});
}

struct Standing {
  std::int64_t mmr = 0, wins = 0, losses = 0, draws = 0;
  Where last;
};
using BoardName = std::tuple<Symbol, Symbol, Symbol, Symbol>;  // tenant, season, mode, region
using Standings = std::map<std::tuple<BoardName, Symbol>, Standing>;

/// The standings as the log gives them: each rated match counts on the board of its region and on that of all regions.
Standings expected_standings(const Run& run, const std::unordered_map<Symbol, const RankedMatchRow*>& ranked) {
  Standings standings;
  for (const auto& log : run.applied) {
    const auto row = ranked.find(log.match);
    const auto changes = run.changes_of_match.find(log.match);
    if (row == ranked.end() || changes == run.changes_of_match.end() || !log.rated || !row->second->season) continue;
    for (const auto index : changes->second) {
      const auto& change = run.changes[index];
      for (const auto region : {row->second->region, Symbol{}}) {
        auto& standing = standings[{{log.tenant, row->second->season, log.mode, region}, change.player}];
        standing.mmr = change.after;
        standing.wins += log.winning_team && *log.winning_team == change.team ? 1 : 0;
        standing.losses += log.winning_team && *log.winning_team != change.team ? 1 : 0;
        standing.draws += log.winning_team ? 0 : 1;
        standing.last = change.at;
      }
    }
  }
  return standings;
}

void check_standings(const Run& run, Standings expected, Verdict& verdict) {
  std::map<std::int64_t, BoardName> boards;
  for (const auto& board : run.boards) boards[board.board] = {board.tenant, board.season, board.mode, board.region};
  std::map<std::int64_t, std::int64_t> players;
  for (const auto& row : run.standings) {
    ++players[row.board];
    const auto found = expected.extract({boards[row.board], row.player});
    const auto standing = found ? found.mapped() : Standing{};
    if (row.mmr == standing.mmr && row.wins == standing.wins && row.losses == standing.losses &&
        row.draws == standing.draws) {
      continue;
    }
    std::vector<Where> lines{row.at};
    if (standing.last.line != 0) lines.insert(lines.begin(), standing.last);
    verdict.add("the standing of " + named(run, "player", row.player) + " on board " + std::to_string(row.board) +
                    " is not what the log gives: " + std::to_string(standing.mmr) + " hundredths, " +
                    std::to_string(standing.wins) + " wins, " + std::to_string(standing.losses) + " losses, " +
                    std::to_string(standing.draws) + " draws.",
                lines);
  }
  for (const auto& [name, standing] : expected) {
    verdict.add(named(run, "player", std::get<1>(name)) + " is missing on a board.", {standing.last});
  }
  for (const auto& board : run.boards) {
    if (board.players == players[board.board]) continue;
    verdict.add("board " + std::to_string(board.board) + " counts " + std::to_string(board.players) +
                    " players and has " + std::to_string(players[board.board]) + ".",
                {board.at});
  }
}

/// A match in a player's history.
struct Entry {
  std::int64_t ended_ms = 0;
  std::int64_t applied_ms = 0;
  Symbol match;
  Where at;
};
using Histories = std::unordered_map<Symbol, std::vector<Entry>>;

Histories histories_of(const Run& run) {
  const auto ranked = by_match(run.ranked_matches);
  const auto applied = by_match(run.board_applied);
  Histories histories;
  for (const auto& row : run.match_players) {
    const auto match = ranked.find(row.match);
    const auto when = applied.find(row.match);
    if (match == ranked.end()) continue;
    const auto applied_ms = when == applied.end() ? kNever : when->second->applied_ms;
    histories[row.player].push_back({match->second->ended_ms, applied_ms, row.match, row.at});
  }
  for (auto& [player, entries] : histories) {
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.ended_ms > b.ended_ms; });
  }
  return histories;
}

/// Each match on the leaderboard has a row for each of its players, and no other.
void check_rosters(const Run& run, Verdict& verdict) {
  std::unordered_map<Symbol, std::vector<Symbol>> listed;
  for (const auto& row : run.match_players) listed[row.match].push_back(row.player);
  for (const auto& ranked : run.ranked_matches) {
    ++verdict.checked;
    const auto* match = run.match(ranked.match);
    const auto* row = match == nullptr ? nullptr : run.row(*match);
    if (row == nullptr) continue;
    std::vector<Symbol> players;
    for (const auto& seat : row->roster) players.push_back(seat.player);
    auto& own = listed[ranked.match];
    std::sort(players.begin(), players.end());
    std::sort(own.begin(), own.end());
    if (players == own) continue;
    verdict.add("the history of " + named(run, "match", ranked.match) + " does not have each of its players once.",
                {row->at, ranked.at});
  }
}

const Entry* entry_of(const std::vector<Entry>& entries, Symbol match) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.match == match; });
  return found == entries.end() ? nullptr : &*found;
}

/// One reading of a history, page by page.
struct Reading {
  const Call* first = nullptr;
  const Call* last = nullptr;
  std::vector<Symbol> matches;
};

/// Joins the pages that follow each other. A page whose predecessor was not answered is left out.
std::vector<Reading> readings_of(const Run& run) {
  std::map<std::tuple<Symbol, std::int64_t>, const Call*> pages;
  std::map<const Call*, const Call*> next;
  for (const auto& call : run.calls) {
    if (call.op == Op::history && call.ok()) pages.emplace(std::tuple(call.writer, call.number), &call);
  }
  for (const auto& [name, page] : pages) {
    const auto before = page->after < 0 ? pages.end() : pages.find({page->writer, page->after});
    if (before != pages.end()) next.emplace(before->second, page);
  }
  std::vector<Reading> readings;
  for (const auto& [name, page] : pages) {
    if (page->after >= 0) continue;
    Reading reading{page, page, page->matches};
    for (auto more = next.find(page); more != next.end(); more = next.find(more->second)) {
      reading.last = more->second;
      reading.matches.insert(reading.matches.end(), more->second->matches.begin(), more->second->matches.end());
    }
    readings.push_back(std::move(reading));
  }
  return readings;
}

void check_read(const Run& run, const Reading& read, const std::vector<Entry>& entries, Verdict& verdict) {
  const auto about = "the history of " + named(run, "player", read.first->player);
  const std::vector<Where> lines{read.first->begin_at, read.first->end_at, read.last->begin_at, read.last->end_at};
  std::unordered_set<Symbol> seen;
  std::int64_t oldest = kNever;
  for (const auto match : read.matches) {
    if (!seen.insert(match).second)
      return verdict.add(about + " lists " + named(run, "match", match) + " twice.", lines);
    const auto* entry = entry_of(entries, match);
    if (entry == nullptr) {
      return verdict.add(about + " lists " + named(run, "match", match) + ", which the player did not play.", lines);
    }
    if (entry->ended_ms > oldest) return verdict.add(about + " is not in the order of time.", lines);
    oldest = entry->ended_ms;
  }
  for (const auto& entry : entries) {
    const bool was_there = entry.applied_ms != kNever && entry.applied_ms + kTransactionMs < read.first->begin.wall_ms;
    const bool in_reach = read.last->complete || (!read.matches.empty() && entry.ended_ms > oldest);
    if (!was_there || !in_reach || seen.contains(entry.match)) continue;
    auto shown = lines;
    shown.push_back(entry.at);
    return verdict.add(about + " leaves out " + named(run, "match", entry.match) + ".", shown);
  }
}

}  // namespace

Verdict check_leaderboard(const Run& run) {
  if (!run.has("profile.applied") || !run.has("leaderboard.applied")) {
    return not_checked("profile.applied or leaderboard.applied was not dumped");
  }
  Verdict verdict;
  verdict.things = "rated matches";
  const auto applied = by_match(run.board_applied);
  for (const auto& log : run.applied) {
    ++verdict.checked;
    const auto found = applied.find(log.match);
    check_applied(run, log, found == applied.end() ? nullptr : found->second, verdict);
  }
  for (const auto& row : run.board_applied) {
    if (run.applied_of_match.contains(row.match)) continue;
    verdict.add(named(run, "match", row.match) + " is on the leaderboard and was not rated.", {row.at});
  }
  if (run.has("leaderboard.standing") && run.has("leaderboard.match") && run.has("profile.rating_change")) {
    check_standings(run, expected_standings(run, by_match(run.ranked_matches)), verdict);
  }
  return verdict;
}

Verdict check_match_history(const Run& run) {
  if (!run.has("leaderboard.match") || !run.has("leaderboard.match_player")) {
    return not_checked("leaderboard.match or leaderboard.match_player was not dumped");
  }
  Verdict verdict;
  verdict.things = "matches and reads of histories";
  check_rosters(run, verdict);
  const auto histories = histories_of(run);
  static const std::vector<Entry> kNoEntries;
  for (const auto& reading : readings_of(run)) {
    ++verdict.checked;
    const auto found = histories.find(reading.first->player);
    check_read(run, reading, found == histories.end() ? kNoEntries : found->second, verdict);
  }
  return verdict;
}

}  // namespace mm::chaos
