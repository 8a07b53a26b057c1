// A simple queue, as in games without a matchmaker: the longest-waiting tickets play next, whatever their ratings.
//
// From the front of the queue, each ticket is put into the first team with room. A ticket that fits nowhere is skipped
// and keeps its place. A match is made as soon as all teams are full. (This is the queue of any tutorial on Redis
// lists; no particular source.)
#pragma once

#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class Fifo : public Policy {
 public:
  explicit Fifo(const Terms& terms) : terms_(terms) {}

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return due_; }

 private:
  bool take_from_the_front(TeamsOfTickets& teams) const;

  const Terms& terms_;
  Queue queue_;
  matching::BucketMs due_ = kNever;
};

}  // namespace mm::simulator
