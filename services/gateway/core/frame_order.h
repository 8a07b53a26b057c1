// Restores the order of one player's frames. Daemons take the next number of the player from Redis before they publish
// a frame, so frames of two daemons may arrive out of order. A frame that arrives too early is held for up to
// kHoldTimeout. If a number stays missing, or the numbers went back (the counter in Redis was lost), the player needs a
// resync: the complete state, sent as a new welcome frame. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace mm::gateway {

using FrameText = std::shared_ptr<const std::string>;  // owners: the send queues of all sockets that will send it

class FrameOrder {
 public:
  static constexpr Milliseconds kHoldTimeout{150};
  static constexpr std::size_t kMaxHeldFrames = 256;
  /// A frame numbered before the state was read may arrive after `start`. It is dropped, because the state includes its
  /// effect. It counts as late within this time, and if at most kMaxLateFrames frames were numbered after it.
  static constexpr Milliseconds kLateWindow{2'000};
  static constexpr std::int64_t kMaxLateFrames = 64;

  struct Step {
    std::vector<FrameText> relay;  ///< frames to send now, in this order
    bool resync = false;           ///< the state must be read again and sent as a welcome
  };

  /// Adds a received frame. Until `start` is called, frames are only held: no frame may be sent between the read of the
  /// state and the welcome.
  Step frame(std::int64_t seq, FrameText text, SteadyPoint now);

  /// Starts relaying after a welcome whose state includes all frames up to `seq`. Returns held frames that follow
  /// `seq`.
  Step start(std::int64_t seq, SteadyPoint now);

  /// Stops relaying because a resync has begun. Frames are held until `start`.
  void stop() { running_ = false; }

  /// Stops relaying. The client has all frames up to `seq`: it says so, or they were replayed.
  void stop_after(std::int64_t seq) {
    stop();
    last_ = seq;
  }

  /// To be called periodically. Requests a resync if held frames have waited for a missing number for kHoldTimeout.
  Step tick(SteadyPoint now);

  /// The number of the last frame that the client has; 0 if unknown.
  std::int64_t last() const { return last_; }

 private:
  bool is_late(std::int64_t seq, SteadyPoint now) const;
  Step release(SteadyPoint now);

  bool running_ = false;
  std::int64_t last_ = 0;
  std::int64_t started_at_seq_ = 0;
  SteadyPoint started_{};
  std::map<std::int64_t, FrameText> held_;
  SteadyPoint held_since_{};
};

}  // namespace mm::gateway
