// Records the match.rated events that profile publishes to the stream.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "common/bus/consumer.h"
#include "common/bus/stream_setup.h"
#include "tests/integration/profile/world.h"

namespace mm::profile {

/// Consumes the match.rated events of the stream, as leaderboard does.
class RatedEvents {
 public:
  RatedEvents() : events_(*World::get().bus, streams::kMatch, {.name = fresh_consumer()}, World::get().metrics) {
    events_.on<MatchRated>([this](const MatchRated& event, const bus::EventInfo&) {
      std::lock_guard lock(mutex_);
      seen_[event.match_id].push_back(event);
      return bus::Ack::done;
    });
    events_.start();
  }

  std::vector<MatchRated> of(MatchId match) const {
    std::lock_guard lock(mutex_);
    const auto found = seen_.find(match);
    return found == seen_.end() ? std::vector<MatchRated>{} : found->second;
  }
  std::optional<MatchRated> await(MatchId match) const {
    if (!testing::eventually([&] { return !of(match).empty(); })) return std::nullopt;
    return of(match)[0];
  }

 private:
  /// Creates a consumer that starts at the first event of the stream; returns its name.
  static std::string fresh_consumer() {
    static int serial = 0;
    const auto name = "rated_events_" + std::to_string(++serial);
    const std::array wanted{rights::StreamConsumer{streams::kMatch, name, "test", MatchRated::kSubject.text}};
    const auto made = bus::set_up_streams(*World::get().bus, wanted, soon());
    EXPECT_TRUE(made.ok()) << (made ? "" : made.error());
    return name;
  }

  mutable std::mutex mutex_;
  std::map<MatchId, std::vector<MatchRated>> seen_;
  bus::Consumer events_;
};

}  // namespace mm::profile
