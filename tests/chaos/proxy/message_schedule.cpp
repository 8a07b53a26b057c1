#include "tests/chaos/proxy/message_schedule.h"

#include <algorithm>
#include <utility>

namespace mm::chaos {

bool MessageSchedule::concerns(const NatsFrame& frame) const {
  return fault_.kind == FaultKind::messages && frame.is_message &&
         (frame.subject.starts_with(fault_.subject) || frame.reply.starts_with(fault_.subject));
}

void MessageSchedule::add(NatsFrame frame, SteadyPoint now, std::vector<std::string>& out) {
  if (!concerns(frame)) return out.push_back(std::move(frame.bytes));
  if (below(100) < fault_.percent) {
    ++counts_.dropped;
    return;
  }
  for (int copy = 0; copy < fault_.copies; ++copy) {
    if (copy > 0) ++counts_.repeated;
    if (fault_.delay_ms > 0) {
      hold(now + Milliseconds{fault_.delay_ms}, frame.bytes, out);
    } else if (fault_.window > 0) {
      ++counts_.held;
      window_.push_back({now + kLongestInWindow, frame.bytes});
    } else {
      out.push_back(frame.bytes);
    }
  }
  // A full window gives a random message, so a message can be overtaken by all that arrive while it is inside.
  while (window_.size() > static_cast<std::size_t>(fault_.window)) {
    const auto chosen = window_.begin() + below(static_cast<int>(window_.size()));
    out.push_back(std::move(chosen->bytes));
    window_.erase(chosen);
  }
}

void MessageSchedule::hold(SteadyPoint due, std::string bytes, std::vector<std::string>& out) {
  ++counts_.held;
  if (delayed_.size() >= kMaxHeld) {
    out.push_back(std::move(delayed_.front().bytes));
    delayed_.erase(delayed_.begin());
  }
  const auto place = std::upper_bound(delayed_.begin(), delayed_.end(), due,
                                      [](SteadyPoint at, const Held& held) { return at < held.due; });
  delayed_.insert(place, {due, std::move(bytes)});
}

void MessageSchedule::release(SteadyPoint now, std::vector<std::string>& out) {
  // The messages of the window leave together and shuffled, because the newest would else never overtake another.
  if (!window_.empty() && window_.front().due <= now) {
    while (!window_.empty()) {
      const auto chosen = window_.begin() + below(static_cast<int>(window_.size()));
      out.push_back(std::move(chosen->bytes));
      window_.erase(chosen);
    }
  }
  const auto first_later =
      std::find_if(delayed_.begin(), delayed_.end(), [now](const Held& held) { return held.due > now; });
  for (auto held = delayed_.begin(); held != first_later; ++held) out.push_back(std::move(held->bytes));
  delayed_.erase(delayed_.begin(), first_later);
}

void MessageSchedule::release_all(std::vector<std::string>& out) { release(SteadyPoint::max(), out); }

std::optional<SteadyPoint> MessageSchedule::next_release() const {
  std::optional<SteadyPoint> next;
  if (!window_.empty()) next = window_.front().due;
  if (!delayed_.empty()) next = next ? std::min(*next, delayed_.front().due) : delayed_.front().due;
  return next;
}

}  // namespace mm::chaos
