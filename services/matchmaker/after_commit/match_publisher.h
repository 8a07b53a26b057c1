// Match publisher: publishes committed matches, off the tick thread. The frame `match_found` goes to the players'
// sockets at once, and the event match.found to the stream, always under the same message id, so that the stream stores
// it once. Neither is the record of the match: that is the queue's `live`, from which the reconciler also informs
// session. The publisher also notifies players of cancelled matches, because only the queue knows whose tickets search
// again.
#pragma once

#include <deque>
#include <unordered_set>
#include <variant>
#include <vector>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/bus/notifier.h"
#include "common/contracts/events.h"
#include "common/runtime/background_queue.h"
#include "common/runtime/periodic_task.h"
#include "services/matchmaker/metrics/metrics.h"

namespace mm::matchmaker {

class MatchPublisher {
 public:
  MatchPublisher(bus::Bus& bus, bus::Notifier& notifier, Metrics& metrics);
  ~MatchPublisher();

  /// Publishes matches that were just committed. Does not block.
  void announce(std::vector<MatchFound> matches);
  /// Publishes a match that session first learned of by our request: whoever committed it may have stopped before it
  /// published the event and notified the players. Does not block.
  void announce_if_new(const MatchFound& match);
  /// Notifies the players of a cancelled match; the tickets `requeued` search again. Does not block.
  void notify_cancelled(const MatchFound& match, CancelReason reason, const std::vector<TicketId>& requeued);
  /// Publishes the depths of buckets. Does not block.
  void depths(std::vector<QueueChanged> changes);

 private:
  struct Frames {
    Tenant tenant;
    std::vector<bus::Notifier::Frame> frames;
  };
  /// What is sent once, without storing: a match for its players, frames, or the depth of a bucket.
  using Notification = std::variant<MatchFound, Frames, QueueChanged>;
  void send_notifications(const std::vector<Notification>& batch);
  void store_events();
  bool remember_announced(MatchId match) REQUIRES(mutex_);

  bus::Bus& bus_;
  bus::Notifier& notifier_;
  Metrics& metrics_;
  Mutex mutex_;
  std::deque<MatchFound> unstored_ GUARDED_BY(mutex_);
  std::unordered_set<MatchId> announced_ GUARDED_BY(mutex_);  // the latest match ids
  std::deque<MatchId> announced_order_ GUARDED_BY(mutex_);
  runtime::BackgroundQueue<Notification> notifications_;  // last, like the next member: their threads use all others
  runtime::PeriodicTask stream_writer_;
};

}  // namespace mm::matchmaker
