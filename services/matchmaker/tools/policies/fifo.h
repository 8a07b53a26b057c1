// A simple queue, as in games without a matchmaker: the longest-waiting tickets play next, whatever their ratings.
//
// From the front of the queue, each ticket is put into the first team with room. A ticket that fits nowhere is skipped
// and keeps its place. A match is made as soon as all teams are full. (This is the queue of any tutorial on Redis
// lists; no particular source.)
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
