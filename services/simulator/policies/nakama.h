// The policy of Nakama: at an interval, each ticket in turn searches for other tickets that its query accepts.
//
// Source: server/matchmaker_process.go and server/config.go of github.com/heroiclabs/nakama (Apache 2.0; read, not
// copied), and its "Matchmaker" documentation. Every interval_sec (15 by default) the active tickets are processed in
// no particular order. A ticket's query returns its hits; among equal scores the oldest comes first. Each hit is put
// into the first combination that has room; the first combination that reaches the wanted number of players is played.
// With rev_precision (off by default) a hit must also accept the searcher and all others of the combination.
//
// The query is the mode's window at that moment (as of a client that repeats the query with a wider window, but keeps
// its place). Nakama does not make teams: the game gets a list of players. Here parties are kept whole if they fit,
// else their players are dealt out one by one.
#pragma once

#include "services/simulator/crowd/random.h"
#include "services/simulator/policies/queue.h"

namespace mm::simulator {

class Nakama : public Policy {
 public:
  enum class Precision { one_way, mutual };

  Nakama(const Terms& terms, Precision precision);

  void enter(const WaitingTicket& ticket) override;
  void leave(TicketNumber number, matching::BucketMs now) override;
  void tick(matching::BucketMs now, std::vector<MadeMatch>& made) override;
  matching::BucketMs due() const override { return queue_.empty() ? kNever : next_interval_; }

 private:
  static constexpr matching::BucketMs kIntervalMs = 15'000;
  using Combination = std::vector<const WaitingTicket*>;

  bool search(const WaitingTicket& searcher, matching::BucketMs now, Combination& found) const;
  bool accepts(const WaitingTicket& asked, const WaitingTicket& offered, matching::BucketMs now) const;
  bool joins(const Combination& combination, const WaitingTicket& hit, matching::BucketMs now) const;

  const Terms& terms_;
  Precision precision_;
  Random chance_;
  Queue queue_;
  std::multimap<double, const WaitingTicket*> by_rating_;
  matching::BucketMs next_interval_ = 0;
};

}  // namespace mm::simulator
