// Decides whether the frames that a client has missed can be replayed. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "services/gateway/core/frame_order.h"

namespace mm::gateway {

struct StoredFrame {
  std::int64_t seq = 0;
  FrameText text;
};

/// The frames after `seen`, in order, for a client that has all frames up to `seen`. `last` is the player's last
/// number, and `log` has the frames that are stored, oldest first. The result is complete or nothing: nullopt if any
/// frame from `seen` + 1 to `last` is not in the log, if `seen` is 0 (the client names no number), or if `seen` belongs
/// to a counter that was lost. The numbers of a new counter are higher than all numbers of earlier counters by more
/// than the log holds, so no number of an earlier counter is followed by stored frames without a gap.
std::optional<std::vector<FrameText>> missed_frames(std::int64_t seen, std::int64_t last,
                                                    const std::vector<StoredFrame>& log);

}  // namespace mm::gateway
