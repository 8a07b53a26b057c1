// The tenants that this instance has added to the set of tenants, so that it adds each of them once. No owner looks for
// the tickets of a tenant that is not in the set.
//
// A queue that went back has an older set or none, so all of them are added again when redis-server is another process.
// Thread-safe.
#pragma once

#include <set>
#include <string>

#include "common/base/mutex.h"
#include "services/matchmaker/generation/verifier.h"
#include "services/matchmaker/queue/request_store.h"

namespace mm::matchmaker {

class KnownTenants {
 public:
  KnownTenants(RequestStore& store, const QueueVerifier& verifier) : store_(store), verifier_(verifier) {}

  /// Call before the first ticket of a tenant is written: the set is in another slot than the tenant's keys, so no
  /// script can do both. Returns false if the queue does not answer.
  bool add(const Tenant& tenant, Deadline deadline);
  /// Call after a bucket was opened, because the set may have been emptied with the bucket.
  void add_again(const Tenant& tenant, Deadline deadline);
  /// Call regularly.
  void follow_queue(Deadline deadline);

 private:
  RequestStore& store_;
  const QueueVerifier& verifier_;
  Mutex mutex_;
  std::set<Tenant> known_ GUARDED_BY(mutex_);
  std::string run_ GUARDED_BY(mutex_);  // the process of redis-server whose set has all of them
};

}  // namespace mm::matchmaker
