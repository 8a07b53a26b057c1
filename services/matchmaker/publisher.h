// Tells the world of committed matches, off the tick thread: `match_found` to the players' sockets at once, and
// match.found to the stream beside it. Neither is the record of the match (that stands in the queue's `live` until a
// session confirms it), so what is lost here is published again by the reconciler.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <unordered_set>
#include <vector>

#include "common/bus/bus.h"
#include "common/bus/notifier.h"
#include "common/contracts/events.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/worker.h"

namespace mm::matchmaker {

class Publisher {
 public:
  Publisher(bus::Bus& bus, bus::Notifier& notifier, const Clock& clock, Metrics& metrics);
  ~Publisher();

  /// Matches just committed. Does not block.
  void announce(std::vector<MatchFound> matches);
  /// A match that no session has heard of: its event under a fresh message id. The players too, unless this instance
  /// has told them: whoever committed it may not have come to it.
  void announce_again(const MatchFound& match);
  /// Depths of buckets. Does not block.
  void depths(std::vector<QueueChanged> changes);

 private:
  struct Unstored {
    MatchFound match;
    std::string message_id;
    SteadyPoint since;
  };
  void tell_players();
  void store_events();
  void remember_told(MatchId match);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  const Clock& clock_;
  Metrics& metrics_;
  std::mutex mutex_;
  std::vector<MatchFound> untold_;      // guarded by mutex_
  std::vector<QueueChanged> depths_;    // guarded by mutex_
  std::deque<Unstored> unstored_;       // guarded by mutex_
  std::unordered_set<MatchId> told_;    // guarded by mutex_; the latest ones
  std::deque<MatchId> told_order_;      // guarded by mutex_
  Worker teller_;                       // last: their work uses all of the above
  Worker storer_;
};

}  // namespace mm::matchmaker
