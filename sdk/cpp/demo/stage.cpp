#include "demo/stage.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace demo {

namespace mm = matchmaker;

std::size_t MatchRecord::players() const {
  std::size_t count = 0;
  for (const auto& team : teams) count += team.size();
  return count;
}

void Stage::print(const std::string& text) const {
  std::printf("[%5.1f s] %s\n", seconds(), text.c_str());
  std::fflush(stdout);
}

std::string Stage::name_of(const std::string& player_id) const {
  const auto found = names_.find(player_id);
  return found == names_.end() ? player_id.substr(0, 8) : found->second;
}

std::string Stage::team_text(const std::vector<std::string>& team) const {
  std::string text;
  for (const auto& player : team) text += (text.empty() ? "" : " ") + name_of(player);
  return text;
}

void Stage::found(const mm::MatchFound& match, double waited_seconds) {
  auto& record = matches_[match.match_id];
  if (record.number == 0) {
    record.number = static_cast<int>(matches_.size());
    record.mode = match.mode;
    record.teams = match.teams;
    record.quality = match.quality;
    char line[160];
    std::snprintf(line, sizeof line, "match %d found (%s, quality %.2f):", record.number, match.mode.c_str(),
                  match.quality);
    std::string text = line;
    for (std::size_t i = 0; i < match.teams.size(); ++i) text += (i == 0 ? " " : "  v  ") + team_text(match.teams[i]);
    print(text);
  }
  record.waits_seconds.push_back(waited_seconds);
}

void Stage::joined(const std::string& match_id, const std::string& player_id, const std::string& endpoint) {
  auto& record = matches_[match_id];
  record.joined.insert(player_id);
  if (record.joined.size() == record.players()) {
    print("match " + std::to_string(record.number) + ": all " + std::to_string(record.players()) +
          " players are on the game server " + endpoint);
  }
}

void Stage::completed(const mm::MatchCompleted& match) {
  auto& record = matches_[match.match_id];
  if (record.over) return;
  record.over = true;
  record.winning_team = match.winning_team;
  const auto outcome =
      match.winning_team < 0 ? std::string("a draw") : "team " + std::to_string(match.winning_team + 1) + " wins";
  print("match " + std::to_string(record.number) + " is over: " + outcome);
}

void Stage::cancelled(const std::string& match_id, const std::string& reason) {
  auto& record = matches_[match_id];
  if (record.over) return;
  record.over = record.cancelled = true;
  print("match " + std::to_string(record.number) + " was cancelled: " + reason);
}

void Stage::rated(const std::string& player_id, const mm::RatingChanged& change) {
  matches_[change.match_id].ratings[player_id] = change;
}

bool Stage::everything_rated() const {
  return std::all_of(matches_.begin(), matches_.end(), [](const auto& entry) {
    const auto& record = entry.second;
    return record.cancelled || (record.over && record.ratings.size() == record.players());
  });
}

bool Stage::is_current(const mm::LeaderboardPage& page) const {
  std::map<std::string, int> ours;  // rounded, as on the leaderboard
  for (const auto* record : in_order()) {
    for (const auto& [player, change] : record->ratings) ours[player] = static_cast<int>(std::lround(change.mmr_after));
  }
  for (const auto& entry : page.entries) {
    const auto found = ours.find(entry.player_id);
    if (found == ours.end()) continue;
    if (found->second != entry.mmr) return false;
    ours.erase(found);
  }
  const bool whole = static_cast<std::int64_t>(page.entries.size()) >= page.total;
  return std::all_of(ours.begin(), ours.end(), [&](const auto& missing) {
    return !whole && !page.entries.empty() && missing.second <= page.entries.back().mmr;
  });
}

std::vector<const MatchRecord*> Stage::in_order() const {
  std::vector<const MatchRecord*> ordered;
  for (const auto& [id, record] : matches_) ordered.push_back(&record);
  std::sort(ordered.begin(), ordered.end(), [](auto* a, auto* b) { return a->number < b->number; });
  return ordered;
}

void Stage::print_matches() const {
  std::printf("\nMatches\n   #  mode      quality  wait mean / longest   result    teams\n");
  for (const auto* record : in_order()) {
    const auto& waits = record->waits_seconds;
    const double mean =
        waits.empty() ? 0 : std::accumulate(waits.begin(), waits.end(), 0.0) / static_cast<double>(waits.size());
    const double longest = waits.empty() ? 0 : *std::max_element(waits.begin(), waits.end());
    const auto result = record->cancelled          ? std::string("cancelled")
                        : !record->over            ? std::string("running")
                        : record->winning_team < 0 ? std::string("draw")
                                                   : "team " + std::to_string(record->winning_team + 1);
    std::printf("  %2d  %-8s  %7.2f  %6.2f s / %6.2f s   %-8s", record->number, record->mode.c_str(), record->quality,
                mean, longest, result.c_str());
    for (std::size_t i = 0; i < record->teams.size(); ++i) {
      std::printf("%s%s", i == 0 ? "  " : "  v  ", team_text(record->teams[i]).c_str());
    }
    std::printf("\n");
  }
}

void Stage::print_ratings() const {
  struct Line {
    double before = 0, after = 0;
    int matches = 0;
  };
  std::map<std::string, Line> lines;
  for (const auto* record : in_order()) {
    for (const auto& [player, change] : record->ratings) {
      auto& line = lines[name_of(player)];
      if (line.matches++ == 0) line.before = change.mmr_before;
      line.after = change.mmr_after;
    }
  }
  std::printf("\nRatings\n  player            matches    before     after   change\n");
  for (const auto& [name, line] : lines) {
    std::printf("  %-18s %6d  %8.2f  %8.2f  %+7.2f\n", name.c_str(), line.matches, line.before, line.after,
                line.after - line.before);
  }
}

void Stage::print_leaderboard(const mm::LeaderboardPage& page) const {
  std::printf("\nLeaderboard: %s, season %s (%lld players)\n  rank  player             mmr   won  lost\n",
              page.mode.c_str(), page.season.c_str(), static_cast<long long>(page.total));
  for (const auto& entry : page.entries) {
    std::printf("  %4lld  %-16s %5d  %4lld  %4lld\n", static_cast<long long>(entry.rank), entry.username.c_str(),
                entry.mmr, static_cast<long long>(entry.wins), static_cast<long long>(entry.losses));
  }
}

}  // namespace demo
