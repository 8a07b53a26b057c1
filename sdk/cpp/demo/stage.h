// Records the events of the demo and prints them: a line per event while the demo runs, and tables at the end.
#pragma once

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "demo/bot.h"

namespace demo {

struct MatchRecord {
  int number = 0;
  std::string mode;
  std::vector<std::vector<std::string>> teams;  ///< player ids
  double quality = 0;
  std::vector<double> waits_seconds;
  std::set<std::string> joined;
  bool over = false;
  bool cancelled = false;
  int winning_team = -1;
  std::map<std::string, matchmaker::RatingChanged> ratings;  ///< by player id

  std::size_t players() const;
};

class Stage {
 public:
  Stage() : began_(Clock::now()) {}

  void know(const std::string& player_id, const std::string& name) { names_[player_id] = name; }
  /// Prints a line with the time since the start.
  void print(const std::string& text) const;
  double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  void found(const matchmaker::MatchFound& match, double waited_seconds);
  void joined(const std::string& match_id, const std::string& player_id, const std::string& endpoint);
  void completed(const matchmaker::MatchCompleted& match);
  void cancelled(const std::string& match_id, const std::string& reason);
  void rated(const std::string& player_id, const matchmaker::RatingChanged& change);

  const std::map<std::string, MatchRecord>& matches() const { return matches_; }
  bool everything_rated() const;
  /// Whether the page includes every recorded rating change: no player of the demo is missing or has an older rating.
  bool is_current(const matchmaker::LeaderboardPage& page) const;

  void print_matches() const;
  void print_ratings() const;
  void print_leaderboard(const matchmaker::LeaderboardPage& page) const;

 private:
  std::vector<const MatchRecord*> in_order() const;  ///< in the order in which they were found
  std::string name_of(const std::string& player_id) const;
  std::string team_text(const std::vector<std::string>& team) const;

  Clock::time_point began_;
  std::map<std::string, std::string> names_;
  std::map<std::string, MatchRecord> matches_;
};

}  // namespace demo
