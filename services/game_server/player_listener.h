// The door for players: WebSockets at /match/<match_id>. Beast lives behind this header. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "common/base/result.h"
#include "services/game_server/matches.h"

namespace mm::game {

/// What a player may do here. Beyond them: close 4413 or 4429, or no socket at all.
struct PlayerLimits {
  static constexpr std::size_t kMaxSockets = 4096;
  static constexpr std::size_t kMaxSocketsNotJoined = 512;
  static constexpr std::size_t kMaxMessageBytes = 8 * 1024;
  static constexpr double kMaxMessagesPerSecond = 20;
  static constexpr double kMaxMessageBurst = 40;
  static constexpr std::size_t kMaxUnsentBytes = 64 * 1024;
  static constexpr Seconds kJoinTimeout{5};
  static constexpr Seconds kIdleTimeout{30};  // pings at half of it
};

class PlayerListener {
 public:
  PlayerListener(asio::io_context& io, Matches& matches);
  ~PlayerListener();
  PlayerListener(const PlayerListener&) = delete;
  PlayerListener& operator=(const PlayerListener&) = delete;

  /// Port 0: any free one. The port it listens on, or why it does not.
  Result<int, std::string> listen(const std::string& address, int port);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the sockets whose operations are under way
};

}  // namespace mm::game
