#include "services/gateway/local_limits.h"

namespace mm::gateway {

Allowance LocalLimits::take(const std::string& key, Quota quota, SteadyPoint now) {
  std::lock_guard lock(mutex_);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (entries_.size() >= most_) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({key, TokenBucket(quota, now)});
    found = by_key_.emplace(key, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  return found->second->bucket.take(quota, now);
}

void LocalLimits::give_back(const std::string& key, Quota quota) {
  std::lock_guard lock(mutex_);
  if (const auto found = by_key_.find(key); found != by_key_.end()) found->second->bucket.give_back(quota);
}

std::size_t LocalLimits::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace mm::gateway
