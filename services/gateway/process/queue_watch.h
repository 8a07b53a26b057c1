// Asks Redis "queue" once a second whether it takes writes and how much memory it uses. The answers decide whether the
// gateway is ready, whether it accepts new work, and whether stored answers are removed to make room. One per process,
// used on the loop of its shard.
#pragma once

#include <atomic>

#include "common/daemon/queue_watch.h"
#include "services/gateway/net/async_redis.h"
#include "services/gateway/store/keyed_store.h"

namespace mm::gateway {

class QueueWatch {
 public:
  static constexpr Milliseconds kInterval{1'000};

  /// The arguments must outlive the loop's work.
  QueueWatch(AsyncRedis& queue, KeyedStore& keyed, storage::MemoryGate& gate, daemon::QueueMetrics& metrics)
      : queue_(queue), keyed_(keyed), gate_(gate), metrics_(metrics) {}

  void on_tick(SteadyPoint now);
  /// Why Redis takes no writes, as a phrase for an operator; empty if it takes them. Thread-safe.
  const char* flaw() const { return flaw_; }

 private:
  AsyncRedis& queue_;
  KeyedStore& keyed_;
  storage::MemoryGate& gate_;
  daemon::QueueMetrics& metrics_;
  std::atomic<const char*> flaw_{""};
  bool was_connected_ = false;
  SteadyPoint next_{};
};

}  // namespace mm::gateway
