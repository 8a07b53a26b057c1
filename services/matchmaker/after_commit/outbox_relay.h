// Outbox relay: sends ticket events from the queue's outbox to the stream. Confirmed events are kept for fifteen
// minutes. If another nats-server answers later, which may not have them, they are sent again, at a bounded rate and
// after new events. An event always has the same message id, so the stream stores it once. Only the owner of a tenant's
// maintenance partition relays, so events keep their order.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "common/base/mutex.h"
#include "common/bus/bus.h"
#include "common/runtime/periodic_task.h"
#include "common/runtime/recovery_budget.h"
#include "services/matchmaker/after_commit/owned_tenants.h"
#include "services/matchmaker/metrics/metrics.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

class OutboxRelay {
 public:
  OutboxRelay(RequestStore& store, bus::Bus& bus, const OwnedTenants& owned_tenants, Metrics& metrics,
              runtime::RecoveryBudget& recovery);

  /// Call when something was written to the outbox of this tenant.
  void wake(const Tenant& tenant);

 private:
  void relay();
  void collect();
  enum class Relayed { all, more, stuck };
  Relayed relay_some(const Tenant& tenant);
  void resend();
  /// Returns how many were sent; 0: the tenant has no more of them; none: they cannot be sent now.
  std::optional<std::size_t> resend_some(const Tenant& tenant, const std::string& server, std::size_t limit);

  RequestStore& store_;
  bus::Bus& bus_;
  const OwnedTenants& owned_tenants_;
  Metrics& metrics_;
  runtime::RecoveryBudget& recovery_;
  Mutex mutex_;
  std::set<Tenant> woken_ GUARDED_BY(mutex_);
  // Used by the worker thread only:
  std::set<Tenant> waiting_;          ///< tenants whose outbox may have events
  std::set<Tenant> may_need_resend_;  ///< tenants that may have events confirmed by another nats-server
  std::string server_;                ///< the nats-server of the last round
  std::uint64_t seen_ = 0;
  runtime::PeriodicTask worker_;  // last member
};

}  // namespace mm::matchmaker
