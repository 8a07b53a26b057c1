// Match committer: carries out what the planner decided. It expires overdue tickets, commits matches, and hands
// committed matches to the match publisher. Used by the tick thread only; not thread-safe.
//
// A commit whose reply was lost is sent again under the same match id before anything else is decided. Then it has
// either happened already (its tickets carry the match id), or it happens now, or it is refused.
#pragma once

#include <atomic>
#include <set>
#include <vector>

#include "common/base/clock.h"
#include "services/matchmaker/core/commit_gate.h"
#include "services/matchmaker/core/crew.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/publisher.h"
#include "services/matchmaker/queue_reader.h"
#include "services/matchmaker/tick_store.h"
#include "services/matchmaker/wait_board.h"

namespace mm::matchmaker {

class Decider {
 public:
  struct Parts {
    TickStore& store;
    Publisher& publisher;
    WaitBoard& waits;
    const Clock& clock;
    Metrics& metrics;
    int plan_threads = 1;
    std::int64_t unconfirmed_most = 2'000;
  };
  explicit Decider(const Parts& parts);

  /// Sends commits with unknown outcome again. Returns false if the queue still does not answer.
  bool settle(QueueReader& reader);
  /// Plans every bucket of the owned partitions and carries the plans out. Returns false if the queue did not answer.
  bool decide(QueueReader& reader);

  /// Whether commits are held back because too many matches are unconfirmed. Thread-safe.
  bool holds_back() const { return holds_back_; }
  /// The number of matches committed per bucket since the last call.
  std::map<std::string, std::int64_t> take_match_counts() { return std::exchange(match_counts_, {}); }

 private:
  struct Work {
    std::vector<CommitAsk> commits;
    std::vector<ExpireAsk> expired;
  };
  std::vector<TickPlan> plan(const std::vector<std::pair<const Partition*, BucketPool*>>& buckets);
  void add(const Partition& partition, const BucketPool& bucket, const TickPlan& tick, Work& work);
  CommitAsk commit_of(const Partition& partition, const BucketPool& bucket, const TickPlan& tick,
                      const PlannedMatch& match) const;
  void keep_within(std::int64_t room, std::vector<CommitAsk>& commits);
  bool commit(QueueReader& reader, Work work, SteadyPoint started);
  bool carry_out(QueueReader& reader, std::vector<CommitAsk> commits, const std::vector<ExpireAsk>& expired);
  bool apply(const CommitAsk& ask, const CommitResult& result, QueueReader& reader);
  void record(const CommitAsk& ask, const BucketPool* bucket);
  void apply(const ExpireAsk& ask, ExpireResult result, QueueReader& reader);

  TickStore& store_;
  Publisher& publisher_;
  WaitBoard& waits_;
  const Clock& clock_;
  Metrics& metrics_;
  Crew crew_;
  CommitGate gate_;
  std::atomic<bool> holds_back_ = false;
  SteadyPoint told_held_back_at_{};
  std::vector<CommitAsk> unsettled_;
  std::set<TicketId> taken_;  ///< tickets in a match of this tick; a ticket may wait in the buckets of several regions
  std::map<std::string, std::int64_t> match_counts_;
};

}  // namespace mm::matchmaker
