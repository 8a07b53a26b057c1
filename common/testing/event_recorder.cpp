#include "common/testing/event_recorder.h"

#include <algorithm>

namespace mm::testing {

EventRecorder::EventRecorder(bus::Bus& bus, const std::vector<std::string>& subjects) {
  for (const auto& pattern : subjects) {
    subscriptions_.push_back(
        std::make_unique<bus::Subscription>(bus, pattern, "", [this](std::string_view subject, std::string_view body) {
          const MutexLock lock(mutex_);
          bodies_[std::string(subject)].emplace_back(body);
        }));
  }
}

std::vector<std::string> EventRecorder::bodies(const std::string& subject) const {
  const MutexLock lock(mutex_);
  const auto found = bodies_.find(subject);
  return found == bodies_.end() ? std::vector<std::string>{} : found->second;
}

std::vector<EventRecorder::Frame> EventRecorder::frames_of(PlayerId player) const {
  std::vector<Frame> frames;
  for (const auto& body : bodies(notify_subject(player))) {
    const auto document = json::Document::parse(body);
    if (!document) continue;
    const auto root = document->root();
    frames.push_back({std::string(root.find("event")->string()), root.find("data")->text()});
  }
  return frames;
}

int EventRecorder::count(PlayerId player, std::string_view event) const {
  const auto frames = frames_of(player);
  return static_cast<int>(
      std::count_if(frames.begin(), frames.end(), [&](const Frame& frame) { return frame.event == event; }));
}

std::optional<EventRecorder::Frame> EventRecorder::wait_for_frame(PlayerId player, std::string_view event,
                                                                  int least) const {
  if (!eventually([&] { return count(player, event) >= least; })) return std::nullopt;
  std::optional<Frame> last;
  for (const auto& frame : frames_of(player)) {
    if (frame.event == event) last = frame;
  }
  return last;
}

bool EventRecorder::has_frame(PlayerId player, std::string_view event, std::string_view text) const {
  return eventually([&] {
    const auto frames = frames_of(player);
    return std::any_of(frames.begin(), frames.end(), [&](const Frame& frame) {
      return frame.event == event && frame.data.find(text) != std::string::npos;
    });
  });
}

}  // namespace mm::testing
