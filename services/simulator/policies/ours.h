// The platform's policy: the daemon's matching core with one pool per region, ticked as the daemon does.
//
// Ticks that cannot change anything are skipped: after a tick without a match, nothing can happen until a ticket enters
// or leaves, a window reaches a new neighbour, or a region opens to a ticket.
#pragma once

#include <deque>
#include <memory>
#include <unordered_map>

#include "services/matchmaker/matching/plan.h"
#include "services/simulator/policies/holding.h"
#include "services/simulator/policies/policy.h"

namespace mm::simulator {

class Ours : public Policy {
 public:
  struct Options {
    bool every_tick = false;  ///< skips no tick, which is slower and must give the same result
    bool holds = false;       ///< an experiment: holds back matches for which waiting is worth it (holding.h)
  };
  explicit Ours(const Terms& terms) : Ours(terms, Options()) {}
  Ours(const Terms& terms, Options options);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override;

  /// A region's tickets, and the planner's memory of them.
  const matching::Pool& pool(std::size_t region) const { return buckets_[region].pool; }
  const matching::PlannerMemory& memory(std::size_t region) const { return buckets_[region].memory; }

 private:
  struct Bucket {
    matching::Pool pool;
    matching::PlannerMemory memory;
    Arrivals arrivals;
    matching::BucketMs due = kNever;  ///< the next tick to run; kUnknown: must be computed
  };
  static constexpr matching::BucketMs kUnknown = -1;

  void offer(Bucket& bucket, const WaitingTicket& ticket) const;
  /// Returns whether anything was matched or held back; then the next tick must not be skipped.
  bool plan_bucket(std::size_t region, matching::BucketMs now, std::vector<MadeMatch>& made);
  bool held_back(Bucket& bucket, const matching::TickPlan& plan, const matching::PlannedMatch& planned,
                 matching::BucketMs now) const;
  void take(TicketNumber number, matching::BucketMs now);
  matching::BucketMs next_change(std::size_t region) const;

  Terms terms_;
  Options options_;
  mutable std::deque<Bucket> buckets_;  ///< mutable, because due() caches what it computes
  matching::BucketMs now_ = 0;
  matching::Workspace workspace_;
  std::unordered_map<TicketNumber, WaitingTicket> waiting_;
};

}  // namespace mm::simulator
