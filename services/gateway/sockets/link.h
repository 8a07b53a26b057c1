// The interface of PlayerSocket, which handles the contents of frames, to the transport. transport/ws_session.cpp
// implements it with Beast. Both sides are used on the same loop.
#pragma once

#include <cstdint>
#include <string_view>

#include "services/gateway/core/frame_order.h"

namespace mm::gateway {

class SocketLink {
 public:
  virtual ~SocketLink() = default;
  /// Queues a text frame. If the queue exceeds its limit, the link closes itself with 4413.
  virtual void send(FrameText text) = 0;
  /// Closes the socket after the queued frames were sent. Has no effect if the socket is closing or closed.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace mm::gateway
