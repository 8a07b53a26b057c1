// Repairs lost events, for the tenants whose maintenance partition this instance owns. It asks session about live
// matches that are unconfirmed, and from time to time about all others, at a bounded rate (reconcile_schedule.h). The
// request contains the matches, so session stores a match that it does not know. It also deletes tickets that ended
// long ago, removes tenants without any state, and reads the wait estimates of other owners.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "common/runtime/periodic_task.h"
#include "common/runtime/recovery_budget.h"
#include "services/matchmaker/after_commit/outcomes.h"
#include "services/matchmaker/after_commit/owned_tenants.h"
#include "services/matchmaker/after_commit/reconcile_schedule.h"
#include "services/matchmaker/generation/known_tenants.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/queue/request_store.h"
#include "services/matchmaker/waits/wait_estimator.h"

namespace mm::matchmaker {

class Reconciler {
 public:
  struct Parts {
    RequestStore& store;
    OwnerStore& owner_store;
    KnownTenants& tenants;
    Outcomes& outcomes;
    bus::Bus& bus;
    WaitEstimator& waits;
    const OwnedTenants& owned_tenants;
    const Clock& clock;
    Metrics& metrics;
    runtime::RecoveryBudget& recovery;
  };
  explicit Reconciler(const Parts& parts);

 private:
  using OwnedTokens = std::vector<std::pair<Tenant, std::string>>;
  void round();
  void collect(const OwnedTokens& owned);
  void follow_unconfirmed();
  void follow_live(const OwnedTokens& owned);
  void reconcile();
  void ask(const std::vector<LiveMatch>& due);
  /// Returns false if session refuses the request. A missing reply returns true: the schedule repeats the matches.
  bool reconcile(const std::vector<LiveMatch>& matches);
  void refused(const LiveMatch& match);
  void give_up(const LiveMatch& match, const char* why);
  void sweep(const OwnedTokens& owned);
  void retire(const OwnedTokens& owned);
  void learn_waits(bool of_all);
  void measure();

  Parts parts_;
  ReconcileSchedule schedule_;
  std::set<Tenant> changed_;   ///< owned tenants with changes since their unconfirmed matches were last read
  std::set<Tenant> followed_;  ///< owned tenants at the last round
  std::map<Tenant, SteadyPoint> swept_at_;
  std::uint64_t changes_seen_ = 0;
  std::uint64_t changes_learnt_ = 0;
  bool session_answers_ = true;         ///< whether the last request got a reply
  std::uint64_t session_messages_ = 0;  ///< at the last request
  SteadyPoint requested_at_{};
  SteadyPoint refreshed_at_{};
  SteadyPoint listed_at_{};
  SteadyPoint learnt_all_at_{};
  SteadyPoint retired_at_{};
  runtime::PeriodicTask worker_;  // last member, so that all others exist when the thread starts
};

}  // namespace mm::matchmaker
