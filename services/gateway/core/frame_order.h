// The order of one player's frames. Each carries the player's next number, drawn in Redis before it is published, so
// two daemons' frames may overtake each other on the way. What comes too early is held for a moment; a number that does
// not come, or one that went back (the counter was lost), means that the player must be told everything anew. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"

namespace mm::gateway {

using FrameText = std::shared_ptr<const std::string>;  // owners: every socket queue it waits in

class FrameOrder {
 public:
  static constexpr Milliseconds kHoldTime{150};
  static constexpr std::size_t kHeldMax = 256;
  /// A frame whose number was drawn before the state was read may arrive after it: the state has what it says.
  static constexpr Milliseconds kLateTime{2'000};
  static constexpr std::int64_t kLateMost = 64;

  struct Verdict {
    std::vector<FrameText> relay;  ///< to be sent now, in this order
    bool resync = false;           ///< send a fresh welcome
  };

  /// Frames are held back until `start`: between reading the state and telling it nothing may pass.
  Verdict frame(std::int64_t seq, FrameText text, SteadyPoint now);

  /// The state that was read reflects everything up to `seq`. Returns the held frames that come after it.
  Verdict start(std::int64_t seq, SteadyPoint now);

  /// A resync has begun; frames are held until `start`.
  void stop() { running_ = false; }

  /// To be called now and then: gives up on what is missing.
  Verdict tick(SteadyPoint now);

  std::int64_t last() const { return last_; }

 private:
  bool is_late(std::int64_t seq, SteadyPoint now) const;
  Verdict release(SteadyPoint now);

  bool running_ = false;
  std::int64_t last_ = 0;
  std::int64_t started_at_seq_ = 0;
  SteadyPoint started_{};
  std::map<std::int64_t, FrameText> held_;
  SteadyPoint held_since_{};
};

}  // namespace mm::gateway
