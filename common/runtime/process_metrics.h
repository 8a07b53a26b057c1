// What the operating system knows of this process, as metrics: memory, processor time, descriptors, threads.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::metrics {

/// Not thread-safe: of the admin thread.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(Registry& registry);
  /// Reads the present values, before they are exposed.
  void update();

 private:
  Gauge resident_bytes_;
  Counter cpu_seconds_;
  Gauge open_descriptors_;
  Gauge threads_;
  Gauge started_;
  Counter log_lines_dropped_;
  double cpu_seen_ = 0;
  double dropped_seen_ = 0;
};

}  // namespace mm::metrics
