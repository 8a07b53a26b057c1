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
#include "services/matchmaker/after_commit/match_publisher.h"
#include "services/matchmaker/matching/planner_threads.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/owner/commit_gate.h"
#include "services/matchmaker/owner/partition_owner.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class MatchCommitter {
 public:
  struct Parts {
    OwnerStore& store;
    MatchPublisher& publisher;
    WaitEstimator& waits;
    const Clock& clock;
    Metrics& metrics;
    int plan_threads = 1;
    std::int64_t max_unconfirmed = 2'000;
  };
  explicit MatchCommitter(const Parts& parts);

  /// Sends commits with unknown outcome again. Returns false if the queue still does not answer.
  bool retry_unknown_commits(PartitionOwner& owner);
  /// Plans every bucket of the owned partitions and carries the plans out. Returns false if the queue did not answer.
  bool decide(PartitionOwner& owner);

  /// Whether commits are held back because too many matches are unconfirmed. Thread-safe.
  bool holds_back() const { return holds_back_; }
  /// The number of matches committed per bucket since the last call.
  std::map<std::string, std::int64_t> take_match_counts() { return std::exchange(match_counts_, {}); }

 private:
  struct Work {
    std::vector<CommitRequest> commits;
    std::vector<ExpireRequest> expired;
  };
  std::vector<matching::TickPlan> plan(const std::vector<std::pair<const Partition*, BucketState*>>& buckets);
  void add(const Partition& partition, const BucketState& bucket, const matching::TickPlan& tick, Work& work);
  CommitRequest commit_of(const Partition& partition, const BucketState& bucket, const matching::TickPlan& tick,
                          const matching::PlannedMatch& match) const;
  void keep_within(std::int64_t room, std::vector<CommitRequest>& commits);
  bool commit(PartitionOwner& owner, Work work, SteadyPoint started);
  bool carry_out(PartitionOwner& owner, std::vector<CommitRequest> commits, const std::vector<ExpireRequest>& expired);
  bool apply(const CommitRequest& request, const CommitResult& result, PartitionOwner& owner);
  void record(const CommitRequest& request, const BucketState* bucket);
  void apply(const ExpireRequest& request, ExpireResult result, PartitionOwner& owner);

  OwnerStore& store_;
  MatchPublisher& publisher_;
  WaitEstimator& wait_estimator_;
  const Clock& clock_;
  Metrics& metrics_;
  matching::PlannerThreads planner_threads_;
  CommitGate gate_;
  std::atomic<bool> holds_back_ = false;
  SteadyPoint warned_at_{};
  std::vector<CommitRequest> unknown_commits_;
  std::set<TicketId> taken_;  ///< tickets in a match of this tick; a ticket may wait in the buckets of several regions
  std::map<std::string, std::int64_t> match_counts_;
};

}  // namespace mm::matchmaker
