#include "services/matchmaker/generation/known_tenants.h"

namespace mm::matchmaker {

bool KnownTenants::add(const Tenant& tenant, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    if (known_.contains(tenant)) return true;
  }
  if (!store_.add_tenant(tenant, deadline)) return false;
  const MutexLock lock(mutex_);
  known_.insert(tenant);
  return true;
}

void KnownTenants::add_again(const Tenant& tenant, Deadline deadline) {
  if (store_.add_tenant(tenant, deadline)) return;
  const MutexLock lock(mutex_);
  known_.erase(tenant);
}

void KnownTenants::follow_queue(Deadline deadline) {
  const auto queue = verifier_.current();
  if (!queue) return;
  std::set<Tenant> known;
  {
    const MutexLock lock(mutex_);
    if (run_ == queue->run) return;
    known = known_;
  }
  for (const auto& tenant : known) {
    if (!store_.add_tenant(tenant, deadline)) return;
  }
  const MutexLock lock(mutex_);
  run_ = queue->run;
}

}  // namespace mm::matchmaker
