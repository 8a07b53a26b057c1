// Metrics of this process from the operating system: memory, processor time, descriptors, threads.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::metrics {

/// Not thread-safe: used only by the admin thread.
class ProcessMetrics {
 public:
  explicit ProcessMetrics(Registry& registry);
  /// Reads the present values. Called before the metrics are exposed.
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
