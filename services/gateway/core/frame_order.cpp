#include "services/gateway/core/frame_order.h"

namespace mm::gateway {

FrameOrder::Verdict FrameOrder::frame(std::int64_t seq, FrameText text, SteadyPoint now) {
  Verdict verdict;
  if (running_ && seq <= last_) {
    verdict.resync = !is_late(seq, now);
    return verdict;
  }
  if (held_.size() >= kHeldMax) {
    held_.clear();
    verdict.resync = running_;
    return verdict;
  }
  if (held_.empty()) held_since_ = now;
  held_.insert_or_assign(seq, std::move(text));
  return running_ ? release(now) : verdict;
}

FrameOrder::Verdict FrameOrder::start(std::int64_t seq, SteadyPoint now) {
  last_ = seq;
  started_at_seq_ = seq;
  started_ = now;
  running_ = true;
  held_.erase(held_.begin(), held_.upper_bound(seq));
  return release(now);
}

FrameOrder::Verdict FrameOrder::tick(SteadyPoint now) {
  Verdict verdict;
  verdict.resync = running_ && !held_.empty() && now - held_since_ >= kHoldTime;
  return verdict;
}

bool FrameOrder::is_late(std::int64_t seq, SteadyPoint now) const {
  return seq <= started_at_seq_ && seq > started_at_seq_ - kLateMost && now - started_ < kLateTime;
}

FrameOrder::Verdict FrameOrder::release(SteadyPoint now) {
  Verdict verdict;
  while (!held_.empty() && held_.begin()->first == last_ + 1) {
    verdict.relay.push_back(std::move(held_.begin()->second));
    held_.erase(held_.begin());
    ++last_;
    held_since_ = now;
  }
  return verdict;
}

}  // namespace mm::gateway
