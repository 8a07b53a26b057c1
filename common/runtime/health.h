// Health: the readiness of a daemon, a set of named conditions. /readyz answers 200 if all of them hold, otherwise 503
// with the names of the failing ones. /livez only shows that the process answers. Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "common/base/mutex.h"

namespace mm::runtime {

class Health {
 public:
  /// `name`: "nats", "redis_queue", "postgres", "draining", …
  void set(std::string_view name, bool holds);
  /// Adds a condition that is evaluated on request, at most once a second while it holds. `holds` must return within
  /// milliseconds.
  void probe(std::string_view name, std::function<bool()> holds);

  /// A standby serves nothing until it takes over from another instance. It is ready if all conditions hold.
  void set_standby(bool standby) { standby_ = standby; }
  bool is_standby() const { return standby_; }

  /// While paused, probes are not called, because their owner is being constructed or destroyed. pause_probes() waits
  /// for a running probe.
  void pause_probes();
  void resume_probes();

  bool ready() const;
  std::vector<std::string> failing() const;

 private:
  static constexpr Seconds kProbeInterval{1};

  struct Probe {
    std::function<bool()> holds;
    SteadyPoint asked_at;
    bool held;
  };

  std::atomic<bool> standby_ = false;
  mutable Mutex mutex_;
  std::map<std::string, bool, std::less<>> conditions_ GUARDED_BY(mutex_);
  mutable Mutex probing_;
  mutable std::map<std::string, Probe, std::less<>> probes_ GUARDED_BY(probing_);
  bool paused_ GUARDED_BY(probing_) = false;
};

}  // namespace mm::runtime
