// A greedy policy under exactly the platform's windows: for the oldest ticket, takes the nearest tickets in rating that
// all accept each other, until the teams are full.
//
// It is the obvious first implementation, and shows what the search for the best set of matches gains. It is not a
// published algorithm, so it has no source.
#pragma once

#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class Nearest : public Policy {
 public:
  explicit Nearest(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override { (void)now, queue_.erase(number); }
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return queue_.size() < 2 ? kNever : due_; }

 private:
  bool build(const WaitingTicket& anchor, matching::BucketMs now, TeamsOfTickets& teams) const;

  const Terms& terms_;
  Queue queue_;
  matching::BucketMs due_ = 0;
};

}  // namespace mm::simulator
