// One bucket as its owner holds it in memory: the planner's pool, and how much of the queue has been read. Without
// I/O; the ticker brings what was read and takes what is to be read next.
//
// Every entry of the queue is either waiting (in the pool), or known to have ended (dead: to be removed from the queue
// with the next look), or unusable. So the queue's size tells whether memory is complete; if it is not, everything is
// read again from the start. Not thread-safe: the tick thread's.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "services/matchmaker/core/memory.h"
#include "services/matchmaker/core/plan.h"
#include "services/matchmaker/core/pool.h"
#include "services/matchmaker/tick_store.h"

namespace mm::matchmaker {

class BucketPool {
 public:
  /// `known_mode`: false for a bucket whose mode has left the mode table; its tickets only expire.
  BucketPool(Bucket bucket, const ModeRules& rules, bool known_mode);

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
  /// The last read came to the end; else there is more to read now.
  bool at_end() const { return at_end_; }

  /// What this tick would do: `expired` holds only tickets that are this bucket's to time out. Empty while nothing can
  /// have changed.
  TickPlan plan(BucketMs now, Workspace& workspace);

  /// Left the queue in a commit of ours.
  void matched(TicketId ticket);
  /// Ended, and still in the queue.
  void ended(TicketId ticket);
  /// A commit was refused because of this ticket, which by now is at (state, attempt, change).
  void refused(const CommitResult& by);

  const Bucket& bucket() const { return bucket_; }
  const std::string& text() const { return text_; }
  const Pool& pool() const { return pool_; }
  const ModeRules& rules() const { return rules_; }
  std::size_t rebuilds() const { return rebuilds_; }

 private:
  const Bucket bucket_;
  const std::string text_;
  const ModeRules rules_;
  const bool known_mode_;
  Pool pool_;
  Memory memory_;
  std::int64_t cursor_ = 0;
  std::int64_t size_ = 0;        ///< of the queue, at the last look
  bool complete_ = false;
  bool at_end_ = false;
  std::set<TicketId> dead_;
  std::set<TicketId> unusable_;
  std::set<TicketId> guests_;    ///< of the pool: another bucket is their first, and times them out
  std::size_t rebuilds_ = 0;
};

}  // namespace mm::matchmaker
