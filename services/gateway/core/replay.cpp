#include "services/gateway/core/replay.h"

#include <algorithm>

namespace mm::gateway {

std::optional<std::vector<FrameText>> missed_frames(std::int64_t seen, std::int64_t last,
                                                    const std::vector<StoredFrame>& log) {
  if (seen <= 0 || seen > last) return std::nullopt;
  std::vector<FrameText> missed;
  auto next = last;
  for (auto frame = log.rbegin(); frame != log.rend() && next > seen && frame->seq == next; ++frame, --next) {
    missed.push_back(frame->text);
  }
  if (next != seen) return std::nullopt;
  std::reverse(missed.begin(), missed.end());
  return missed;
}

}  // namespace mm::gateway
