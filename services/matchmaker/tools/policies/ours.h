// The platform's own policy: the daemon's matching core, one pool per region, ticked as the daemon ticks it.
//
// Ticks that cannot change anything are left out: after one in which nothing was matched, nothing can happen before
// somebody comes or goes, or a window reaches a new neighbour, or a region opens to a ticket.
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
    bool every_tick = false;  ///< leaves no tick out, which is slower and must give the same
    bool holds = false;       ///< an experiment: makes no match that is worth holding back (holding.h)
  };
  explicit Ours(const Terms& terms) : Ours(terms, Options()) {}
  Ours(const Terms& terms, Options options);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override;

  /// A region's tickets, and what the planner remembers of them.
  const Pool& pool(std::size_t region) const { return buckets_[region].pool; }
  const Memory& memory(std::size_t region) const { return buckets_[region].memory; }

 private:
  struct Bucket {
    Pool pool;
    Memory memory;
    Arrivals arrivals;
    BucketMs due = kNever;  ///< the next tick that is wanted; kUnknown: to be worked out
  };
  static constexpr BucketMs kUnknown = -1;

  void offer(Bucket& bucket, const WaitingTicket& ticket) const;
  /// Whether anything was matched, or held back: then the next tick is not a quiet one.
  bool plan_bucket(std::size_t region, BucketMs now, std::vector<MadeMatch>& made);
  bool held_back(Bucket& bucket, const TickPlan& plan, const PlannedMatch& planned, BucketMs now) const;
  void take(TicketNumber number, BucketMs now);
  BucketMs next_change(std::size_t region) const;

  Terms terms_;
  Options options_;
  mutable std::deque<Bucket> buckets_;  ///< due() writes down what it has worked out
  BucketMs now_ = 0;
  Workspace workspace_;
  std::unordered_map<TicketNumber, WaitingTicket> waiting_;
};

}  // namespace mm::matchmaker::tools
