// A simple queue, as games without a matchmaker have it: whoever has waited longest plays next, whatever the rating.
//
// From the front of the queue tickets are put into the first team with room; one that fits nowhere is passed over and
// keeps its place. As soon as all teams are full they play. (The queue that any tutorial on Redis lists describes; no
// particular source.)
#pragma once

#include "services/matchmaker/tools/policies/queue.h"

namespace mm::matchmaker::tools {

class Fifo : public Policy {
 public:
  explicit Fifo(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override { return due_; }

 private:
  bool take_from_the_front(TeamsOfTickets& teams) const;

  const Terms& terms_;
  Queue queue_;
  BucketMs due_ = kNever;
};

}  // namespace mm::matchmaker::tools
