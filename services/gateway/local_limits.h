// Token buckets of this process, for while the Redis that holds the shared ones is away. Bounded: the one that was not
// used for longest is forgotten. Thread-safe.
#pragma once

#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "services/gateway/core/token_bucket.h"

namespace mm::gateway {

class LocalLimits {
 public:
  explicit LocalLimits(std::size_t most = 65'536) : most_(most) {}

  Allowance take(const std::string& key, Quota quota, SteadyPoint now);

  /// An attempt that counts only if it fails. When it may go on, `settle` must follow.
  AttemptVerdict reserve(const std::string& key, Quota quota, SteadyPoint now);
  void settle(const std::string& key, Quota quota, bool failed, SteadyPoint now);

  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    TokenBucket bucket;
    int under_way = 0;  ///< attempts that were reserved and not settled
  };

  Entry& entry(const std::string& key, Quota quota, SteadyPoint now);  // with the mutex

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::list<Entry> entries_;  // the least recently used last
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_;
};

}  // namespace mm::gateway
