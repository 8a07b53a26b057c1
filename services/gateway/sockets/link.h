// The interface between PlayerSocket, which handles the contents of frames, and the transport. net/ws_session.cpp
// implements it with Beast; tests implement it without a network. Both sides are used on the same loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "services/gateway/core/frame_order.h"

namespace mm::gateway {

namespace close_codes {
inline constexpr std::uint16_t kRestarting = 1012;
inline constexpr std::uint16_t kTryLater = 1013;
inline constexpr std::uint16_t kBadFrame = 4400;
inline constexpr std::uint16_t kNotAuthenticated = 4401;
inline constexpr std::uint16_t kNotMember = 4403;
inline constexpr std::uint16_t kNoHello = 4408;
inline constexpr std::uint16_t kReplaced = 4409;
inline constexpr std::uint16_t kTooSlow = 4413;
inline constexpr std::uint16_t kTooMany = 4429;
}  // namespace close_codes

inline constexpr std::string_view kLoginEnded = "login ended";

class SocketLink {
 public:
  virtual ~SocketLink() = default;
  /// Queues a text frame. If the queue exceeds its limit, the link closes itself with 4413.
  virtual void send(FrameText text) = 0;
  /// Closes the socket after the queued frames were sent. Has no effect if the socket is closing or closed.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace mm::gateway
