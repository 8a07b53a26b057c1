// A player's connection to the game server of a match, as the sample server speaks it: join with the token of
// SessionReady, then relay messages. A game with its own netcode replaces this by its own, and shows the join token
// in its own handshake.
//
// Threads: as Client. Handlers run inside tick().
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "matchmaker/result.h"

namespace matchmaker {

class Transport;

class GameConnection {
 public:
  struct Handlers {
    std::function<void()> joined;
    std::function<void(const std::string& from_player_id, const std::string& data_json)> message;
    /// 1000: the match is over; 4401: the token was refused; 1006: the connection broke.
    std::function<void(int code, const std::string& why)> closed;
  };

  GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers);
  ~GameConnection();
  GameConnection(const GameConnection&) = delete;
  GameConnection& operator=(const GameConnection&) = delete;

  int tick();
  /// `data_json`: any JSON value; the others of the match get it.
  void send(const std::string& data_json);
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace matchmaker
