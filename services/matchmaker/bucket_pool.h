// One bucket as its owner holds it in memory: the planner's pool, and how much of the queue has been read. Without
// I/O; the ticker brings what was read and takes what is to be read next.
//
// Every entry of the queue is either waiting (in the pool), or known to have ended (dead: to be removed from the queue
// with the next look), or unusable. So the queue's size tells whether memory is complete; if it is not, everything is
// read again from the start. Not thread-safe: the tick thread's.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "services/matchmaker/core/plan.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/recording/taped_pool.h"
#include "services/matchmaker/tick_store.h"

namespace mm::matchmaker {

class BucketPool {
 public:
  /// `known_mode`: false for a bucket whose mode has left the mode table; its tickets only expire. `tape`: takes down
  /// what is planned, if any.
  BucketPool(Bucket bucket, const ModeRules& rules, bool known_mode, recording::Tape* tape = nullptr);

  BucketAsk ask() const;
  /// Takes a look's answer to `asked`; returns the tickets that must be loaded. `change`: the queue's newest change.
  std::vector<TicketId> read(const BucketAsk& asked, const BucketRead& read, std::int64_t change);
  /// After the tickets of the last read were loaded and put in: is memory as large as the queue?
  void verify();
  void put(const QueueTicket& ticket);
  /// Reads everything again: what was read did not get here.
  void start_over();

  /// Everything has been read at least once: decisions may be made.
  bool complete() const { return complete_; }
  /// It knows of ended tickets that the queue still has.
  bool has_news_for_the_queue() const { return !dead_.empty(); }
  /// The last read came to the end; else there is more to read now.
  bool at_end() const { return at_end_; }

  /// The mode table has changed: the same tickets, planned wholly by other rules.
  void take_rules(const ModeRules& rules, bool known_mode) { pool_.take_rules(rules, known_mode); }

  void before_plan() {
    if (complete_) pool_.before_plan();
  }
  /// What this tick would do. Empty while nothing can have changed. On any thread, between the two around it.
  TickPlan plan(BucketMs now, Workspace& workspace);
  /// From then on `expired` holds only tickets that are this bucket's to time out.
  void after_plan(BucketMs now, TickPlan& tick);

  /// Left the queue in a commit of ours.
  void matched(TicketId ticket);
  /// Ended, and still in the queue.
  void ended(TicketId ticket, recording::Left why);
  /// Those that ended without a match of ours since the last call; not more than kLeftKept.
  struct Left {
    Rating rating = 0;
    int size = 1;
    BucketMs queued_at = 0;
  };
  std::vector<Left> take_left() { return std::exchange(left_, {}); }
  /// A commit was refused because of this ticket, which by now is at (state, attempt, change).
  void refused(const CommitResult& by);

  /// A copy of a ticket and its nearest, after the plan of `now`.
  Neighbourhood around(Slot slot, BucketMs now) const { return pool_.around(slot, now); }

  const Bucket& bucket() const { return bucket_; }
  const std::string& text() const { return text_; }
  const Pool& pool() const { return pool_.pool(); }
  const ModeRules& rules() const { return pool_.rules(); }
  bool known_mode() const { return pool_.known(); }
  std::size_t rebuilds() const { return rebuilds_; }

 private:
  void leave(TicketId ticket, recording::Left why);

  const Bucket bucket_;
  const std::string text_;
  recording::TapedPool pool_;
  std::int64_t cursor_ = 0;
  std::int64_t size_ = 0;        ///< of the queue, at the last look
  bool complete_ = false;
  bool at_end_ = false;
  std::set<TicketId> dead_;
  std::set<TicketId> unusable_;
  std::set<TicketId> guests_;    ///< of the pool: another bucket is their first, and times them out
  std::size_t rebuilds_ = 0;
  static constexpr std::size_t kLeftKept = 512;
  std::vector<Left> left_;
};

}  // namespace mm::matchmaker
