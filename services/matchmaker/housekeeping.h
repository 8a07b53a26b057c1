// Which tenants' house partition this instance owns: for those it relays events, sweeps, and asks sessions. The ticker
// tells, the other threads ask. Thread-safe. Work begun just before a loss is harmless: all of it may be done twice.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/contracts/names.h"

namespace mm::matchmaker {

class Housekeeping {
 public:
  void set(std::map<Tenant, std::string> tokens) {
    const std::lock_guard lock(mutex_);
    tokens_ = std::move(tokens);
  }
  std::vector<std::pair<Tenant, std::string>> tenants() const {
    const std::lock_guard lock(mutex_);
    return {tokens_.begin(), tokens_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::map<Tenant, std::string> tokens_;
};

}  // namespace mm::matchmaker
