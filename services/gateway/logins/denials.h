// The list of ended logins in this process. Access tokens of these logins are refused at once, without a request to the
// cache. Other gateways learn of an ended login from the event `gateway.bye` (endings.h) and from the cache.
// Thread-safe.
#pragma once

#include <algorithm>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "common/base/mutex.h"

namespace mm::gateway {

class Denials {
 public:
  /// `until`: when the last access token of the login has expired. Entries are removed some time after that, not
  /// exactly then.
  void add(LoginId login, SteadyPoint now, SteadyPoint until) {
    const MutexLock lock(mutex_);
    if (until_.size() >= sweep_at_) {
      std::erase_if(until_, [&](const auto& entry) { return entry.second < now; });
      sweep_at_ = std::max(kSweepFrom, until_.size() * 2);
    }
    until_[login] = until;
  }

  bool contains(LoginId login) const {
    const MutexLock lock(mutex_);
    return until_.contains(login);
  }

 private:
  static constexpr std::size_t kSweepFrom = 4096;

  mutable Mutex mutex_;
  std::size_t sweep_at_ GUARDED_BY(mutex_) = kSweepFrom;
  std::unordered_map<LoginId, SteadyPoint> until_ GUARDED_BY(mutex_);
};

}  // namespace mm::gateway
