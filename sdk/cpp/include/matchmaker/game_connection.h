// A player's connection to the game server of a match, as the sample server speaks it: join with the token of
// SessionReady, then relay messages. A game with its own netcode replaces this by its own, and shows the join token
// in its own handshake.
//
// Threads: as Client. Handlers run inside tick(), and may destroy the GameConnection.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "matchmaker/export.h"
#include "matchmaker/result.h"

namespace matchmaker {

class Transport;

class MATCHMAKER_API GameConnection {
 public:
  struct Handlers {
    std::function<void()> joined = {};
    std::function<void(const std::string& from_player_id, const std::string& data_json)> message = {};
    /// 1000: the match is over; 4401: the token was refused; 1006: the connection broke, or could not be opened, also
    /// because `server_url` is not valid.
    std::function<void(int code, const std::string& why)> closed = {};
  };

  /// `server_url`: ws://host:port/… or wss://…, as SessionReady has it.
  GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers);
  /// With a transport of the caller's own, for tests.
  GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers,
                 std::unique_ptr<Transport> transport);
  ~GameConnection();
  GameConnection(const GameConnection&) = delete;
  GameConnection& operator=(const GameConnection&) = delete;

  int tick();
  /// `data_json`: any JSON value; the others of the match get it. False: it is no JSON, or the connection is closed.
  bool send(const std::string& data_json);
  /// No handler runs afterwards.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and tick() while it runs
};

}  // namespace matchmaker
