// The tenants as the ticker last saw them: of which this instance owns the house partition, so that it relays their
// events, sweeps, and asks sessions for them; and where something has changed, so that the other threads look only
// there. The ticker tells, the other threads ask. Thread-safe. Work begun just before a loss is harmless: all of it may
// be done twice.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/contracts/names.h"

namespace mm::matchmaker {

class Housekeeping {
 public:
  /// The lease tokens of the house partitions that are ours now, all of them. One with a new token counts as changed.
  void own(std::map<Tenant, std::string> tokens) {
    const std::lock_guard lock(mutex_);
    for (const auto& [tenant, token] : tokens) {
      const auto known = tokens_.find(tenant);
      if (known == tokens_.end() || known->second != token) changed_[tenant] = ++stamp_;
    }
    tokens_ = std::move(tokens);
  }
  /// Something was written of these tenants.
  void changed(const std::vector<Tenant>& tenants) {
    const std::lock_guard lock(mutex_);
    for (const auto& tenant : tenants) changed_[tenant] = ++stamp_;
  }
  /// These tenants are gone.
  void forget(const std::vector<Tenant>& tenants) {
    const std::lock_guard lock(mutex_);
    for (const auto& tenant : tenants) changed_.erase(tenant);
  }

  std::vector<std::pair<Tenant, std::string>> tenants() const {
    const std::lock_guard lock(mutex_);
    return {tokens_.begin(), tokens_.end()};
  }
  bool owns(const Tenant& tenant) const {
    const std::lock_guard lock(mutex_);
    return tokens_.contains(tenant);
  }
  /// Tenants, ours or not, that have changed since the call that left `stamp`; a first call has 0.
  std::vector<Tenant> changed_since(std::uint64_t& stamp) const {
    const std::lock_guard lock(mutex_);
    std::vector<Tenant> tenants;
    if (stamp == stamp_) return tenants;
    for (const auto& [tenant, at] : changed_) {
      if (at > stamp) tenants.push_back(tenant);
    }
    stamp = stamp_;
    return tenants;
  }

 private:
  mutable std::mutex mutex_;
  std::map<Tenant, std::string> tokens_;
  std::map<Tenant, std::uint64_t> changed_;
  std::uint64_t stamp_ = 0;
};

}  // namespace mm::matchmaker
