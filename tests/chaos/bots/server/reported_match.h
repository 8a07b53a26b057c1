// One match on the chaos game server: its heartbeats, its end, and the reports of its result. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/contracts/game_server.h"
#include "tests/chaos/bots/history.h"
#include "tests/chaos/bots/http_client.h"
#include "tests/chaos/bots/server/report_plan.h"

namespace mm::chaos {

/// What all matches of a process share.
struct Hosting {
  asio::io_context& io;
  HttpClient& http;
  History& history;
  Random& random;
  std::string server;                        ///< id
  Milliseconds length;                       ///< of a match
  int reports = 3;                           ///< of each result
  std::function<void(MatchId)> on_played;    ///< the match needs its slot no longer, but may still be reported
  std::function<void(MatchId)> on_finished;  ///< the last call; may destroy the match
};

class ReportedMatch : public std::enable_shared_from_this<ReportedMatch> {
 public:
  /// How long an attempt of a report follows another one.
  static constexpr Milliseconds kReportTimeout{600'000};

  ReportedMatch(const Hosting& hosting, GatewayAddress gateway, game::HandOver match);

  void start();
  /// The orchestrator has released the match. Without a result the match is dropped; otherwise its reports go on.
  void end();

 private:
  /// One report with its attempts.
  struct Report {
    int number = 1;
    bool differs = false;
    std::string body;
    int attempts = 0;
    SteadyPoint began;
  };

  void send_heartbeat();
  void finish();
  void run_step();
  void attempt(const std::shared_ptr<Report>& report);
  void answered(const std::shared_ptr<Report>& report, std::int64_t operation, const HttpAnswer& answer);
  void settled();
  void give_up_slot();
  void close();
  HttpRequest request(const std::string& what, const std::string& body) const;
  std::string result(bool differs) const;
  void after(asio::steady_timer& timer, Milliseconds wait, std::function<void()> then);

  const Hosting& hosting_;
  const GatewayAddress gateway_;
  const game::HandOver match_;
  asio::steady_timer heartbeat_timer_;
  asio::steady_timer game_timer_;  // until the end of the game, then between steps
  std::vector<PlannedReport> plan_;
  std::size_t next_ = 0;  // in the plan
  int step_ = 0;
  int open_ = 0;  // reports of the current step without a final answer
  int reported_ = 0;
  int winner_ = 0;  // index of the team; the number of teams: a draw
  bool with_stats_ = false;
  bool played_ = false;
  bool slot_free_ = false;
  bool closed_ = false;
};

}  // namespace mm::chaos
