#include "services/gateway/store/local_limits.h"

namespace mm::gateway {

Allowance LocalLimits::take(const std::string& key, Quota quota, SteadyPoint now) {
  const MutexLock lock(mutex_);
  return entry(key, quota, now).bucket.take(quota, now);
}

AttemptVerdict LocalLimits::reserve(const std::string& key, Quota quota, SteadyPoint now) {
  const MutexLock lock(mutex_);
  auto& of = entry(key, quota, now);
  const auto verdict = of.bucket.check(quota, now, of.under_way);
  if (verdict.attempt == Attempt::go) ++of.under_way;
  return verdict;
}

void LocalLimits::settle(const std::string& key, Quota quota, bool failed, SteadyPoint now) {
  const MutexLock lock(mutex_);
  auto& of = entry(key, quota, now);
  if (of.under_way > 0) --of.under_way;
  if (failed) of.bucket.take(quota, now);
}

LocalLimits::Entry& LocalLimits::entry(const std::string& key, Quota quota, SteadyPoint now) {
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (entries_.size() >= most_) {
      by_key_.erase(entries_.back().key);
      entries_.pop_back();
    }
    entries_.push_front({key, TokenBucket(quota, now), 0});
    found = by_key_.emplace(key, entries_.begin()).first;
  } else {
    entries_.splice(entries_.begin(), entries_, found->second);
  }
  return *found->second;
}

std::size_t LocalLimits::size() const {
  const MutexLock lock(mutex_);
  return entries_.size();
}

}  // namespace mm::gateway
