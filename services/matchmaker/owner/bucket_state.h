// One bucket in its owner's memory: the planner's pool, and how much of the queue has been read. No I/O: the tick loop
// passes in what it read, and asks what to read next. Used by the tick thread only; not thread-safe.
//
// Each entry of the queue is waiting (in the pool), dead (known to have ended, and removed from the queue with the next
// poll), or unusable. So the size of the queue tells whether memory is complete. If memory is not complete, everything
// is read again from the start.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/matchmaker/matching/plan.h"
#include "services/matchmaker/matching/pool/pool.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/recording/recorded_pool.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class BucketState {
 public:
  /// `known_mode`: false for a bucket whose mode was removed from the mode table; its tickets only expire.
  /// `encoder`: records what is planned; may be null.
  BucketState(Bucket bucket, const ModeRules& rules, bool known_mode, recording::EventEncoder* encoder = nullptr);

  BucketPoll poll_request() const;
  /// Takes the reply to `request`. Returns the tickets to load. `change`: the newest change number of the tenant.
  std::vector<TicketId> read(const BucketPoll& request, const BucketRead& read, std::int64_t change);
  /// Compares the size of memory with that of the queue, after the tickets of the last read were loaded and put.
  void verify();
  void put(const TicketRecord& ticket);
  /// Discards everything and reads it again, because something that was read could not be loaded.
  void start_over();

  /// Whether everything has been read at least once. No decisions are made before.
  bool complete() const { return complete_; }
  /// Whether it knows ended tickets that are still in the queue.
  bool has_dead_tickets() const { return !dead_.empty(); }
  /// Whether the last read reached the end of the queue. If not, there is more to read now.
  bool at_end() const { return at_end_; }

  /// Applies changed rules of the mode table: the same tickets are planned by the new rules from now on.
  void set_rules(const ModeRules& rules, bool known_mode) { pool_.set_rules(rules, known_mode); }

  void before_plan() {
    if (complete_) pool_.before_plan();
  }
  /// The plan of this tick; empty if nothing can have changed. Any thread, between before_plan() and after_plan().
  matching::TickPlan plan(BucketMs now, matching::Workspace& workspace);
  /// Removes from `expired` the tickets that another bucket has to time out.
  void after_plan(BucketMs now, matching::TickPlan& tick);

  /// This instance committed the ticket to a match, which removed it from the queue.
  void matched(TicketId ticket);
  /// The ticket has ended, and is still in the queue.
  void ended(TicketId ticket, recording::LeaveReason why);
  /// The tickets that ended without a match of this bucket since the last call; at most kMaxDepartures.
  std::vector<Departure> take_departures() { return std::exchange(departures_, {}); }
  /// A commit was refused because of a ticket, whose present state, attempt and change are in `by`.
  void refused(const CommitResult& by);

  /// A copy of a ticket and its nearest tickets, after the plan of `now`.
  matching::Neighbourhood around(matching::Slot slot, BucketMs now) const { return pool_.around(slot, now); }

  const Bucket& bucket() const { return bucket_; }
  const std::string& text() const { return text_; }
  const matching::Pool& pool() const { return pool_.pool(); }
  const ModeRules& rules() const { return pool_.rules(); }
  bool known_mode() const { return pool_.known(); }
  std::size_t rebuilds() const { return rebuilds_; }

 private:
  void leave(TicketId ticket, recording::LeaveReason why);

  const Bucket bucket_;
  const std::string text_;
  recording::RecordedPool pool_;
  std::int64_t cursor_ = 0;
  std::int64_t size_ = 0;  ///< of the queue, at the last poll
  bool complete_ = false;
  bool at_end_ = false;
  std::set<TicketId> dead_;
  std::set<TicketId> unusable_;
  std::set<TicketId> foreign_tickets_;  ///< tickets in the pool whose first bucket is another one, which times them out
  std::size_t rebuilds_ = 0;
  static constexpr std::size_t kMaxDepartures = 512;
  std::vector<Departure> departures_;
};

}  // namespace mm::matchmaker
