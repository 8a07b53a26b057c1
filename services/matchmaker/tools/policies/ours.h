// The platform's policy: the daemon's matching core with one pool per region, ticked as the daemon does.
//
// Ticks that cannot change anything are skipped: after a tick without a match, nothing can happen until a ticket enters
// or leaves, a window reaches a new neighbour, or a region opens to a ticket.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "services/matchmaker/core/plan.h"
#include "services/matchmaker/tools/policies/holding.h"
#include "services/matchmaker/tools/policies/policy.h"

namespace mm::matchmaker::tools {

class Ours : public Policy {
 public:
  struct Options {
    bool every_tick = false;  ///< skips no tick, which is slower and must give the same result
    bool holds = false;       ///< an experiment: holds back matches for which waiting is worth it (holding.h)
  };
  explicit Ours(const Terms& terms) : Ours(terms, Options()) {}
  Ours(const Terms& terms, Options options);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override;

  /// A region's tickets, and the planner's memory of them.
  const Pool& pool(std::size_t region) const { return buckets_[region].pool; }
  const Memory& memory(std::size_t region) const { return buckets_[region].memory; }

 private:
  struct Bucket {
    Pool pool;
    Memory memory;
    Arrivals arrivals;
    BucketMs due = kNever;  ///< the next tick to run; kUnknown: must be computed
  };
  static constexpr BucketMs kUnknown = -1;

  void offer(Bucket& bucket, const WaitingTicket& ticket) const;
  /// Returns whether anything was matched or held back; then the next tick must not be skipped.
  bool plan_bucket(std::size_t region, BucketMs now, std::vector<MadeMatch>& made);
  bool held_back(Bucket& bucket, const TickPlan& plan, const PlannedMatch& planned, BucketMs now) const;
  void take(TicketNumber number, BucketMs now);
  BucketMs next_change(std::size_t region) const;

  Terms terms_;
  Options options_;
  mutable std::deque<Bucket> buckets_;  ///< mutable, because due() caches what it computes
  BucketMs now_ = 0;
  Workspace workspace_;
  std::unordered_map<TicketNumber, WaitingTicket> waiting_;
};

}  // namespace mm::matchmaker::tools
