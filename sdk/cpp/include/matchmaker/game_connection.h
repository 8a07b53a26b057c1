// The connection of a player to the game server of a match, with the protocol of the sample server: the player joins
// with the token of SessionReady, then the server relays messages. A game with its own network protocol does not need
// this class; it sends the join token in its own handshake.
//
// Threads: a GameConnection belongs to one thread. Handlers run inside tick() and may destroy the GameConnection.
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
    /// Close codes: 1000: the match is over. 4401: the server refused the token. 1006: the connection broke or could
    /// not be opened, or `server_url` is invalid.
    std::function<void(int code, const std::string& why)> closed = {};
  };

  /// `server_url`: the address in SessionReady, ws://host:port/… or wss://host:port/….
  GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers);
  /// Uses the given transport instead of the default one, for example in tests.
  GameConnection(const std::string& server_url, const std::string& join_token, Handlers handlers,
                 std::unique_ptr<Transport> transport);
  ~GameConnection();
  GameConnection(const GameConnection&) = delete;
  GameConnection& operator=(const GameConnection&) = delete;

  /// Runs the handlers of the events that have arrived. Returns how many events it processed.
  int tick();
  /// Sends `data_json`, any JSON value, to the other players of the match. Returns false if the text is not valid JSON,
  /// `server_url` is invalid, close() was called, or the handler `closed` was called.
  bool send(const std::string& data_json);
  /// Closes the connection. No handler runs afterwards.
  void close();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this object, and tick() while it runs
};

}  // namespace matchmaker
