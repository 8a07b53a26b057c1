// Owned tenants: the tenants whose maintenance partition this instance owns, so that it relays their events, sweeps
// them, and asks session about their matches; and the tenants with changes, so that other threads look only at these.
// The tick loop writes, other threads read. Thread-safe. Work that begins just before ownership is lost is harmless,
// because all of it may be done twice.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/base/mutex.h"
#include "common/contracts/names.h"

namespace mm::matchmaker {

class OwnedTenants {
 public:
  /// Sets all maintenance partitions owned now, with their lease tokens. A tenant with a new token counts as changed.
  void own(std::map<Tenant, std::string> tokens) {
    const MutexLock lock(mutex_);
    for (const auto& [tenant, token] : tokens) {
      const auto known = tokens_.find(tenant);
      if (known == tokens_.end() || known->second != token) changed_[tenant] = ++stamp_;
    }
    tokens_ = std::move(tokens);
  }
  /// Something about these tenants was written.
  void changed(const std::vector<Tenant>& tenants) {
    const MutexLock lock(mutex_);
    for (const auto& tenant : tenants) changed_[tenant] = ++stamp_;
  }
  /// These tenants were removed.
  void forget(const std::vector<Tenant>& tenants) {
    const MutexLock lock(mutex_);
    for (const auto& tenant : tenants) changed_.erase(tenant);
  }

  std::vector<std::pair<Tenant, std::string>> tenants() const {
    const MutexLock lock(mutex_);
    return {tokens_.begin(), tokens_.end()};
  }
  bool owns(const Tenant& tenant) const {
    const MutexLock lock(mutex_);
    return tokens_.contains(tenant);
  }
  /// Tenants, owned or not, that have changed since the call that set `stamp`; it is 0 at the first call.
  std::vector<Tenant> changed_since(std::uint64_t& stamp) const {
    const MutexLock lock(mutex_);
    std::vector<Tenant> tenants;
    if (stamp == stamp_) return tenants;
    for (const auto& [tenant, at] : changed_) {
      if (at > stamp) tenants.push_back(tenant);
    }
    stamp = stamp_;
    return tenants;
  }

 private:
  mutable Mutex mutex_;
  std::map<Tenant, std::string> tokens_ GUARDED_BY(mutex_);
  std::map<Tenant, std::uint64_t> changed_ GUARDED_BY(mutex_);
  std::uint64_t stamp_ GUARDED_BY(mutex_) = 0;
};

}  // namespace mm::matchmaker
