// Records what is published on some subjects of the bus: events, and the frames that are sent to players.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/testing/wait.h"

namespace mm::testing {

/// Thread-safe. Waiting functions give up after 30 s.
class EventRecorder {
 public:
  /// `subjects` may have wildcards: "match.*".
  EventRecorder(bus::Bus& bus, const std::vector<std::string>& subjects);

  /// The messages on this subject, in order of arrival.
  std::vector<std::string> bodies(const std::string& subject) const;

  /// The events of this type whose JSON contains `text`, in order of arrival.
  template <class E>
  std::vector<E> events(std::string_view text = "") const {
    std::vector<E> events;
    for (const auto& body : bodies(std::string(E::kSubject.text))) {
      if (body.find(text) == std::string::npos) continue;
      if (auto event = wire::decode<E>(body, wire::Unknown::ignored, bus::Bus::kTrusted))
        events.push_back(*std::move(event));
    }
    return events;
  }
  /// The events of this type about this match.
  template <class E>
  std::vector<E> about(MatchId match) const {
    auto found = events<E>(match.to_string());
    std::erase_if(found, [&](const E& event) { return event.match_id != match; });
    return found;
  }
  /// The first event of this type about this match.
  template <class E>
  std::optional<E> wait_for(MatchId match) const {
    if (!eventually([&] { return !about<E>(match).empty(); })) return std::nullopt;
    return about<E>(match).front();
  }

  struct Frame {
    std::string event;
    std::string data;  ///< JSON
  };
  std::vector<Frame> frames_of(PlayerId player) const;
  /// How many frames with this event the player got.
  int count(PlayerId player, std::string_view event) const;
  /// The newest frame with this event, once there are `least` of them.
  std::optional<Frame> wait_for_frame(PlayerId player, std::string_view event, int least = 1) const;
  /// Waits for a frame with this event whose data contains `text`.
  bool has_frame(PlayerId player, std::string_view event, std::string_view text) const;

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::vector<std::string>> bodies_ GUARDED_BY(mutex_);  // by subject
  std::vector<std::unique_ptr<bus::Subscription>> subscriptions_;
};

}  // namespace mm::testing
