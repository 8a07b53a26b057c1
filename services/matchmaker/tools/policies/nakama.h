// The way of Nakama: every interval, each ticket in turn searches for others that its query accepts.
//
// Source: server/matchmaker_process.go and server/config.go of github.com/heroiclabs/nakama (Apache 2.0; read, not
// copied), and its "Matchmaker" documentation. Every interval_sec (15 by default) the active tickets are gone through
// in no particular order. Each one's query gives its hits, of equal score the oldest first. Hits are put into the
// first combination that has room; the first combination that reaches the wanted number of players plays. With
// rev_precision (off by default) a hit must also accept the searcher and all others of the combination.
//
// The query is the mode's window at that moment (a client that widens it by asking again, but keeps its place). Teams
// are not Nakama's business: the game gets a list of players. Parties are kept whole if they fit, else dealt out
// player by player.
#pragma once

#include "services/matchmaker/tools/policies/queue.h"
#include "services/matchmaker/tools/world/random.h"

namespace mm::matchmaker::tools {

class Nakama : public Policy {
 public:
  enum class Precision { one_way, mutual };

  Nakama(const Terms& terms, Precision precision);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, BucketMs now) override;
  void tick(BucketMs now, std::vector<MadeMatch>& made) override;
  BucketMs due() const override { return queue_.empty() ? kNever : next_interval_; }

 private:
  static constexpr BucketMs kIntervalMs = 15'000;
  using Combination = std::vector<const WaitingTicket*>;

  bool search(const WaitingTicket& searcher, BucketMs now, Combination& found) const;
  bool accepts(const WaitingTicket& asked, const WaitingTicket& offered, BucketMs now) const;
  bool joins(const Combination& combination, const WaitingTicket& hit, BucketMs now) const;

  const Terms& terms_;
  Precision precision_;
  Random chance_;
  Queue queue_;
  std::multimap<double, const WaitingTicket*> by_rating_;
  BucketMs next_interval_ = 0;
};

}  // namespace mm::matchmaker::tools
