// Repairs what events lost. Every two seconds it asks sessions about live matches that nobody has confirmed, and every
// fifteen about all others; what no session has heard of is published again. It also deletes tickets that ended long
// ago, forgets tenants that have nothing left, and reads what other owners measured. Works for the tenants whose house partition this instance owns.
#pragma once

#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "services/matchmaker/housekeeping.h"
#include "services/matchmaker/metrics.h"
#include "services/matchmaker/outcomes.h"
#include "services/matchmaker/publisher.h"
#include "services/matchmaker/queue_store.h"
#include "services/matchmaker/tick_store.h"
#include "services/matchmaker/wait_board.h"
#include "services/matchmaker/worker.h"

namespace mm::matchmaker {

class Reconciler {
 public:
  struct Parts {
    QueueStore& store;
    TickStore& owner_store;
    Outcomes& outcomes;
    Publisher& publisher;
    WaitBoard& waits;
    const Housekeeping& housekeeping;
    const Clock& clock;
    Metrics& metrics;
  };
  explicit Reconciler(const Parts& parts);

 private:
  using Match = std::pair<Tenant, MatchId>;
  void round();
  void sweep(const Tenant& tenant, const std::string& token);
  void retire(const std::vector<std::pair<Tenant, std::string>>& tenants);
  void learn_waits();
  void ask_unconfirmed(const std::vector<std::pair<Tenant, std::string>>& tenants);
  void list_live(const std::vector<std::pair<Tenant, std::string>>& tenants);
  void ask_live();
  bool ask(const Match& match, Deadline deadline);

  Parts parts_;
  std::map<Match, SteadyPoint> unconfirmed_since_;
  std::map<Match, SteadyPoint> live_since_;
  std::deque<Match> to_ask_;
  SteadyPoint pulled_at_{};
  SteadyPoint listed_at_{};
  SteadyPoint retired_at_{};
  Worker worker_;  // last
};

}  // namespace mm::matchmaker
