// The plain greedy way, under exactly the platform's windows: the oldest ticket first, and to it the nearest in rating
// who all accept each other, until the teams are full.
//
// What anyone would write first, and the measure of what the search for the best set of matches is worth: nobody's
// published algorithm, so no source.
#pragma once

#include "services/matchmaker/tools/policies/queue.h"

namespace mm::matchmaker::tools {

class Nearest : public Policy {
 public:
  explicit Nearest(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override { (void)now, queue_.erase(number); }
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override { return queue_.size() < 2 ? kNever : due_; }

 private:
  bool build(const WaitingTicket& anchor, BucketMs now, TeamsOfTickets& teams) const;

  const Terms& terms_;
  Queue queue_;
  BucketMs due_ = 0;
};

}  // namespace mm::matchmaker::tools
