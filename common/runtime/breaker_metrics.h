// The metrics of a circuit breaker: what stops sending requests to a dependency that does not answer, so that callers
// are refused at once instead of at their deadline, and tries again a few times a second.
#pragma once

#include <string>

#include "common/runtime/metrics.h"

namespace mm::metrics {

class BreakerMetrics {
 public:
  /// `dependency`: a daemon or a store: "lobby", "redis_queue", "postgres", … Several breakers of a process may have
  /// the same dependency.
  BreakerMetrics(Registry& registry, const std::string& dependency)
      : open_(registry.gauge("mm_breaker_open",
                             "Circuit breakers of this process that refuse requests to the dependency at once, because "
                             "it did not answer",
                             {{"dependency", dependency}})),
        opened_(registry.counter("mm_breaker_opened_total", "How often a circuit breaker was opened",
                                 {{"dependency", dependency}})) {}

  /// A breaker was opened or closed. Thread-safe.
  void changed(bool is_open) {
    open_.add(is_open ? 1 : -1);
    if (is_open) opened_.add();
  }

 private:
  Gauge open_;
  Counter opened_;
};

}  // namespace mm::metrics
