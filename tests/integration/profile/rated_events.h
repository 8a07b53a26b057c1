// What profile publishes: the match.rated of the stream.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "common/bus/consumer.h"
#include "tests/integration/profile/world.h"

namespace mm::profile {

/// The stream's match.rated, as leaderboard reads them.
class RatedEvents {
 public:
  RatedEvents()
      : events_(*World::get().bus, streams::kMatch, {.name = "test", .each_instance = true}, World::get().metrics) {
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
  mutable std::mutex mutex_;
  std::map<MatchId, std::vector<MatchRated>> seen_;
  bus::Consumer events_;
};

}  // namespace mm::profile
