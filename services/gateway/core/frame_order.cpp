#include "services/gateway/core/frame_order.h"

namespace mm::gateway {

FrameOrder::Step FrameOrder::frame(std::int64_t seq, FrameText text, SteadyPoint now) {
  Step step;
  if (running_ && seq <= last_) {
    step.resync = !is_late(seq, now);
    return step;
  }
  if (held_.size() >= kMaxHeldFrames) {
    held_.clear();
    step.resync = running_;
    return step;
  }
  if (held_.empty()) held_since_ = now;
  held_.insert_or_assign(seq, std::move(text));
  return running_ ? release(now) : step;
}

FrameOrder::Step FrameOrder::start(std::int64_t seq, SteadyPoint now) {
  last_ = seq;
  started_at_seq_ = seq;
  started_ = now;
  running_ = true;
  held_.erase(held_.begin(), held_.upper_bound(seq));
  return release(now);
}

FrameOrder::Step FrameOrder::tick(SteadyPoint now) {
  Step step;
  step.resync = running_ && !held_.empty() && now - held_since_ >= kHoldTimeout;
  return step;
}

bool FrameOrder::is_late(std::int64_t seq, SteadyPoint now) const {
  return seq <= started_at_seq_ && seq > started_at_seq_ - kMaxLateFrames && now - started_ < kLateWindow;
}

FrameOrder::Step FrameOrder::release(SteadyPoint now) {
  Step step;
  while (!held_.empty() && held_.begin()->first == last_ + 1) {
    step.relay.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
    ++last_;
    held_since_ = now;
  }
  return step;
}

}  // namespace mm::gateway
