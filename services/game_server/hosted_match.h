// One match on this server: its players and their messages, its heartbeats, its end and the report of its result. Not
// thread-safe. Uses little memory: a match has no buffer, no connection and no thread of its own.
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

/// What all matches of a process share.
struct Hosting {
  asio::io_context& io;
  GatewayClient& gateway;
  Seconds length;                       ///< of a match
  std::function<void(MatchId)> on_end;  ///< called once when the match has ended; may destroy it
};

class HostedMatch : public std::enable_shared_from_this<HostedMatch> {
 public:
  /// How long the report of a result is tried.
  static constexpr std::chrono::minutes kReportTimeout{10};

  HostedMatch(const Hosting& hosting, GatewayAddress gateway, HandOver match);

  /// Sends the first heartbeat.
  void start();
  /// Ends the match without a result.
  void drop();

  /// Returns the player if the token is a valid join token of this match. Closes an earlier link of the player.
  std::optional<PlayerId> join(std::string_view token, std::shared_ptr<PlayerLink> link);
  /// Sends `data`, a JSON value, to all other players.
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
  /// Calls `then` on this match after `wait`, unless it was destroyed or closed.
  void after(asio::steady_timer& timer, Milliseconds wait, void (HostedMatch::*then)());
  GatewayClient::Handler answer_to(void (HostedMatch::*then)(const GatewayClient::Answer&));

  const Hosting& hosting_;
  const GatewayAddress gateway_;
  const HandOver match_;
  const security::TokenSigner join_tokens_;
  std::set<PlayerId> roster_;
  std::map<PlayerId, std::shared_ptr<PlayerLink>> joined_;
  asio::steady_timer heartbeat_timer_;
  asio::steady_timer game_timer_;  // until the end of the game, then between reports of the result
  const SteadyPoint started_;
  bool running_ = true;
  bool closed_ = false;
  int failed_heartbeats_ = 0;
  int failed_reports_ = 0;
  SteadyPoint report_until_;
  std::string result_;  // the body, encoded once: every report has the same
};

}  // namespace mm::game
