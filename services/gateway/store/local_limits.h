// Rate limits of this process, used while the Redis cache with the shared token buckets is unavailable. The number of
// buckets is bounded: the least recently used bucket is evicted. Thread-safe.
#pragma once

#include <list>
#include <string>
#include <unordered_map>

#include "common/base/mutex.h"
#include "services/gateway/core/token_bucket.h"

namespace mm::gateway {

class LocalLimits {
 public:
  explicit LocalLimits(std::size_t most = 65'536) : most_(most) {}

  Allowance take(const std::string& key, Quota quota, SteadyPoint now);

  /// Reserves a token for an attempt that counts only if it fails. If the verdict is `go`, the caller must call
  /// `settle`.
  AttemptVerdict reserve(const std::string& key, Quota quota, SteadyPoint now);
  void settle(const std::string& key, Quota quota, bool failed, SteadyPoint now);

  std::size_t size() const;

 private:
  struct Entry {
    std::string key;
    TokenBucket bucket;
    int under_way = 0;  ///< attempts that are reserved and not yet settled
  };

  Entry& entry(const std::string& key, Quota quota, SteadyPoint now) REQUIRES(mutex_);

  const std::size_t most_;
  mutable Mutex mutex_;
  std::list<Entry> entries_ GUARDED_BY(mutex_);  // ordered by use, the most recently used first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_ GUARDED_BY(mutex_);
};

}  // namespace mm::gateway
