// QueueWatch: asks Redis "queue" once a second whether it takes writes and how much of its memory is used. The daemon
// is unready while Redis takes no writes, and refuses new work while memory is short (common/storage/memory_gate.h).
#pragma once

#include <optional>
#include <string>

#include "common/base/mutex.h"
#include "common/daemon/daemon.h"
#include "common/runtime/periodic_task.h"
#include "common/storage/redis.h"

namespace mm::daemon {

/// The state of Redis "queue" as metrics; the gateway has them, too.
struct QueueMetrics {
  explicit QueueMetrics(metrics::Registry& registry)
      : works(registry.gauge("mm_store_works", "1 while the store takes writes", {{"store", "redis_queue"}})),
        share(registry.gauge("mm_store_memory_share", "Used share of the store's memory limit, 0 to 1",
                             {{"store", "redis_queue"}})),
        refuses(registry.gauge("mm_store_refuses_new_work",
                               "1 while new logins, accounts, parties and tickets are refused because the store's "
                               "memory is short",
                               {{"store", "redis_queue"}})),
        refused(registry.counter("mm_new_work_refused_total",
                                 "Requests refused because they begin new work while a store's memory is short",
                                 {{"store", "redis_queue"}})) {}

  metrics::Gauge works;
  metrics::Gauge share;
  metrics::Gauge refuses;
  metrics::Counter refused;
};

/// Takes a measurement of the memory: sets the gate and the metrics, and logs changes of the gate.
void measure(storage::MemoryGate& gate, QueueMetrics& metrics, const storage::RedisMemory& memory);

/// Thread-safe. Has a thread of its own.
class QueueWatch {
 public:
  /// Adds the readiness condition "redis_queue". `queue` must outlive the watch, and the watch the health's probes.
  QueueWatch(Runtime& runtime, storage::Redis& queue);

  /// The refusal of a request that begins new work; nothing if it may be served. Does not block.
  std::optional<Problem> refuse_new_work();

 private:
  Milliseconds look();
  std::string flaw() const;

  storage::Redis& queue_;
  QueueMetrics metrics_;
  storage::MemoryGate gate_;
  mutable Mutex mutex_;
  std::string flaw_ GUARDED_BY(mutex_) = "it was not asked yet";
  runtime::PeriodicTask task_;  // last member: it uses all others
};

}  // namespace mm::daemon
