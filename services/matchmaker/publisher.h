// Tells the world of committed matches, off the tick thread: `match_found` to the players' sockets at once, and
// match.found to the stream beside it, under one message id for ever, so that the stream has it once however often it
// is published. Neither is the record of the match: that stands in the queue's `live`, and sessions learn of it by the
// reconciler, too. It also tells players of matches that were cancelled, because only the queue knows who of them
// searches again.
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
  /// A match that its session heard of by a question of ours: the stream may not have its event, and the players may
  /// not have been told, if whoever committed it did not come to it. Does not block.
  void announce_if_untold(const MatchFound& match);
  /// A match that was cancelled; the tickets `requeued` search again. Does not block.
  void tell_cancelled(const MatchFound& match, CancelReason reason, const std::vector<TicketId>& requeued);
  /// Depths of buckets. Does not block.
  void depths(std::vector<QueueChanged> changes);

 private:
  struct Frames {
    Tenant tenant;
    std::vector<bus::Notifier::Frame> frames;
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
  std::vector<Frames> frames_;          // guarded by mutex_
  std::deque<MatchFound> unstored_;     // guarded by mutex_
  std::unordered_set<MatchId> told_;    // guarded by mutex_; the latest ones
  std::deque<MatchId> told_order_;      // guarded by mutex_
  Worker teller_;                       // last: their work uses all of the above
  Worker storer_;
};

}  // namespace mm::matchmaker
