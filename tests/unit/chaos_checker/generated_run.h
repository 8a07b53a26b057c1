// A run without violations, drawn from a seed: a small model of the platform writes what bots, game servers, the tap
// and the dumps would show. It has what makes a checker err: attempts without an answer, repetitions with the same key,
// copies of events, cancelled matches whose tickets are queued again, takeovers, restarts and late events in faults.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/unit/chaos_checker/run_folder.h"

namespace mm::chaos {

struct RunShape {
  std::uint64_t seed = 1;
  int players = 24;
  int matches = 60;
  bool faults = true;  ///< also attempts without an answer
};

class GeneratedRun {
 public:
  explicit GeneratedRun(const RunShape& shape);

  /// The whole run. To be called once.
  RunFiles make();

 private:
  struct Player {
    std::string id;
    std::string name;
    std::int64_t free_at = 0;
    std::int64_t frame = 0;  ///< number of the last frame
    std::int64_t mmr = 150'000;
    std::int64_t games = 0, wins = 0, losses = 0, draws = 0;
    std::int64_t casual_games = 0, casual_wins = 0, casual_losses = 0, casual_draws = 0;
    std::string token;
    int tokens = 0;
    std::vector<std::pair<std::int64_t, std::string>> history;  ///< when it was on the leaderboard, match; oldest first
  };
  struct Ticket {
    std::string id;
    std::vector<std::size_t> players;
    std::string party;
    std::int64_t queued_ms = 0;
    int attempt = 1;
  };
  struct Match {
    std::string id;
    std::string mode;
    int team_size = 1;
    std::vector<std::vector<Ticket>> teams;
    std::int64_t found_ms = 0, ready_ms = -1, ended_ms = -1;
    int slot = 0;
    std::string server;
    std::string requeue = "[]";
  };
  /// Work that must be done in order of time, because ratings follow the order in which matches end.
  struct Due {
    std::int64_t at_ms;
    std::int64_t order;
    std::function<void()> run;
    bool operator<(const Due& other) const { return std::tie(at_ms, order) > std::tie(other.at_ms, other.order); }
  };

  bool one_in(unsigned n) { return random_() % n == 0; }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  void later(std::int64_t at_ms, std::function<void()> run);
  void run_until(std::int64_t at_ms);

  // people.cpp
  void register_players();
  void connect(Player& player, std::int64_t at_ms);
  void frame(Player& player, std::int64_t at_ms, const std::string& type, const std::string& match);
  void refresh(Player& player, std::int64_t at_ms);
  void log_out_and_in(Player& player, std::int64_t at_ms);
  std::string make_party(std::size_t leader, std::size_t member, std::int64_t at_ms);
  void read_history(Player& player, std::int64_t at_ms);

  // generated_run.cpp
  std::size_t free_player(std::int64_t at_ms, const std::vector<std::size_t>& without);
  Ticket enqueue(const std::vector<std::size_t>& players, const std::string& party, const std::string& mode,
                 int team_size, std::int64_t at_ms, const std::string& region = "eu-west");
  void start_duel(std::int64_t at_ms);
  void start_casual(std::int64_t at_ms);
  void lonely_ticket(std::int64_t at_ms);
  void time_out_ticket(std::int64_t at_ms);
  void play(Match match);
  void announce(const Match& match);
  void end_cancelled(Match match);
  void end_completed(const Match& match);
  void report(const Match& match, const Json& winner);
  void apply(const Match& match, std::optional<int> winner);
  std::string roster(const Match& match) const;

  // generated_dumps.cpp
  void close(const Ticket& ticket, const std::string& reason, std::int64_t at_ms);
  void store_ticket(const Ticket& ticket, const std::string& state, const Match* match, const std::string& mode,
                    int team_size, std::int64_t ended_ms, const std::string& region = "eu-west");
  void store_match(const Match& match, const std::string& state, const std::string& reason);
  /// `outbox`: the schema whose outbox the event came from; empty: that of matchmaker.
  void event(const std::string& stream, const std::string& subject, const std::string& message_id, const Json& body,
             std::int64_t at_ms, const std::string& outbox);
  void write_final_tables();
  void write_faults();

  RunShape shape_;
  std::mt19937_64 random_;
  RunFiles run_;
  std::vector<Player> players_;
  std::priority_queue<Due> due_;
  std::int64_t order_ = 0;
  std::int64_t now_ms_ = 1'000;
  std::int64_t end_ms_ = 0;
  int tickets_ = 0, matches_ = 0, parties_ = 0, keys_ = 0, pages_ = 0;
  std::int64_t sequences_[2] = {0, 0};
  std::int64_t applied_ = 0;
  std::deque<int> free_slots_;
  int slots_ = 0;
};

}  // namespace mm::chaos
