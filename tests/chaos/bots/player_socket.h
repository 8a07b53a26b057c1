// The WebSocket of one player (mm.v1.json). Not thread-safe. This header hides Beast.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "services/game_server/core/gateway_address.h"
#include "tests/chaos/bots/net.h"

namespace mm::chaos {

/// How a socket ended.
struct SocketEnd {
  bool opened = false;  ///< the upgrade had succeeded
  int status = 0;       ///< HTTP status of a refused upgrade; 0: there was no answer
  int code = 0;         ///< close code of the gateway; 0: the connection broke
};

struct SocketHandlers {
  std::function<void()> on_open;
  std::function<void(std::string_view text)> on_text;
  std::function<void(const SocketEnd&)> on_end;  ///< called once, the last call
};

class PlayerSocket {
 public:
  static constexpr Seconds kHandshakeTimeout{5};
  /// Without data for half of this time a ping is sent; without any for all of it the socket ends.
  static constexpr Seconds kIdleTimeout{20};

  /// Connects. `token` is sent in the Authorization header; empty: none.
  PlayerSocket(asio::io_context& io, const game::GatewayAddress& to, const std::string& token, SocketHandlers handlers);
  /// Cuts the connection; no handler is called any more.
  ~PlayerSocket();
  PlayerSocket(const PlayerSocket&) = delete;
  PlayerSocket& operator=(const PlayerSocket&) = delete;

  void send(std::string text);
  /// Closes with the code 1000; on_end follows.
  void close();
  /// Cuts the TCP connection without a close frame, as a player whose network fails; on_end follows.
  void cut();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and pending operations
};

}  // namespace mm::chaos
