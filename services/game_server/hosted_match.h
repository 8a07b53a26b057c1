// One match on this server: who has joined, what they say to each other, the heartbeats, the end and the report of it.
// One thread. Little memory: no buffer, no connection and no thread of its own.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "common/contracts/game_server.h"
#include "common/security/jwt.h"
#include "services/game_server/core/retry.h"
#include "services/game_server/gateway_client.h"
#include "services/game_server/player_link.h"

namespace mm::game {

/// What every match of a process shares.
struct Hosting {
  asio::io_context& io;
  GatewayClient& gateway;
  Seconds length;                     ///< of a game
  std::function<void(MatchId)> over;  ///< the match is done with, once; it may be destroyed afterwards
};

class HostedMatch : public std::enable_shared_from_this<HostedMatch> {
 public:
  /// A result that nobody takes is given up after this time.
  static constexpr std::chrono::minutes kReportTimeout{10};

  HostedMatch(const Hosting& hosting, GatewayAddress gateway, HandOver match);

  /// The first heartbeat goes out at once.
  void start();
  /// It is over whatever we think: no result.
  void drop();

  /// The player of a valid join token of this match; an earlier link of the same player is closed.
  std::optional<PlayerId> join(std::string_view token, std::shared_ptr<PlayerLink> link);
  /// `data`: one JSON value, for everybody else.
  void broadcast(PlayerId from, std::string_view data);
  void leave(PlayerId player, const PlayerLink* link);

 private:
  void send_heartbeat();
  void on_heartbeat_answer(const GatewayClient::Answer& answer);
  void finish();
  void send_result();
  void on_result_answer(const GatewayClient::Answer& answer);
  void close();

  GatewayClient::Request request(std::string_view what, std::string body) const;
  /// Calls `then` on this match unless it is gone or closed by that time.
  void after(asio::steady_timer& timer, Milliseconds wait, void (HostedMatch::*then)());
  GatewayClient::Handler answer_to(void (HostedMatch::*then)(const GatewayClient::Answer&));

  const Hosting& hosting_;
  const GatewayAddress gateway_;
  const HandOver match_;
  const security::TokenSigner join_tokens_;
  std::set<PlayerId> roster_;
  std::map<PlayerId, std::shared_ptr<PlayerLink>> joined_;
  asio::steady_timer heartbeat_timer_;
  asio::steady_timer game_timer_;  // the end of the game, then the tries to report it
  const SteadyPoint started_;
  bool running_ = true;
  bool closed_ = false;
  int failed_heartbeats_ = 0;
  int failed_reports_ = 0;
  SteadyPoint report_until_;
  std::string result_;  // the body, written once: every try says the same
};

}  // namespace mm::game
