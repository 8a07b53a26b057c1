// The connection of a player, as a match uses it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace mm::game {

class PlayerLink {
 public:
  virtual ~PlayerLink() = default;
  /// Queues one text frame. Disconnects a player who reads too slowly.
  virtual void send(std::shared_ptr<const std::string> text) = 0;
  /// Closes the connection after the frame that is being sent. The caller must have removed the link from the match.
  virtual void close(std::uint16_t code) = 0;
};

/// Close codes, with the same meaning as those of the gateway's sockets.
inline constexpr std::uint16_t kCloseOver = 1000;
inline constexpr std::uint16_t kCloseBadFrame = 4400;
inline constexpr std::uint16_t kCloseNotAuthenticated = 4401;
inline constexpr std::uint16_t kCloseReplaced = 4409;
inline constexpr std::uint16_t kCloseTooSlow = 4413;
inline constexpr std::uint16_t kCloseTooMany = 4429;

}  // namespace mm::game
