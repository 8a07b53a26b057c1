// A player's connection as a match sees it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace mm::game {

class PlayerLink {
 public:
  virtual ~PlayerLink() = default;
  /// Queues one text frame; a player who reads too slowly is dropped.
  virtual void send(std::shared_ptr<const std::string> text) = 0;
  /// Closes after the frame that is being sent. The link tells nobody: whoever closes it has forgotten it.
  virtual void close(std::uint16_t code) = 0;
};

/// Close codes; the numbers are those of the gateway's sockets.
inline constexpr std::uint16_t kCloseOver = 1000;
inline constexpr std::uint16_t kCloseBadFrame = 4400;
inline constexpr std::uint16_t kCloseNotAuthenticated = 4401;
inline constexpr std::uint16_t kCloseReplaced = 4409;
inline constexpr std::uint16_t kCloseTooSlow = 4413;
inline constexpr std::uint16_t kCloseTooMany = 4429;

}  // namespace mm::game
