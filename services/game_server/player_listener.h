// Accepts the WebSockets of players at /match/<match_id>. Not thread-safe. This header hides Beast.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "services/game_server/matches.h"

namespace mm::game {

/// The limits of players. A socket that exceeds one is closed with 4413, 4429, 4401 or 1009, or not accepted.
struct PlayerLimits {
  static constexpr std::size_t kMaxSockets = 4096;
  static constexpr std::size_t kMaxSocketsNotJoined = 512;
  static constexpr std::size_t kMaxMessageBytes = 8 * 1024;
  static constexpr double kMaxMessagesPerSecond = 20;
  static constexpr double kMaxMessageBurst = 40;
  static constexpr std::size_t kMaxUnsentBytes = 64 * 1024;
  static constexpr Seconds kJoinTimeout{5};
  static constexpr Seconds kIdleTimeout{30};  // a ping is sent after half of it
};

class PlayerListener {
 public:
  PlayerListener(asio::io_context& io, Matches& matches);
  ~PlayerListener();
  PlayerListener(const PlayerListener&) = delete;
  PlayerListener& operator=(const PlayerListener&) = delete;

  /// Listens on `port`, 0: any free one. Returns the port, or the reason for the failure.
  Result<int, std::string> listen(const std::string& address, int port);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and sockets with pending operations
};

}  // namespace mm::game
