// Health: the readiness of a daemon, a set of named conditions. /readyz answers 200 if all of them hold, otherwise 503
// with the names of the failing ones and the reasons. /livez only shows that the process answers. Thread-safe.
//
// A reason is a phrase for an operator, without addresses, names of users and other texts of a server.
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
  struct Failure {
    std::string name;
    std::string reason;  ///< empty: the name says it
  };

  /// `name`: "nats", "redis_queue", "postgres", "draining", … `reason`: why it does not hold.
  void set(std::string_view name, bool holds, std::string_view reason = {});
  /// Adds a condition that is evaluated on request, at most once a second while it holds. `flaw` returns the reason why
  /// the condition does not hold, or an empty text if it holds. It must return within milliseconds.
  void probe(std::string_view name, std::function<std::string()> flaw);
  /// The same for a condition whose name says everything.
  void probe(std::string_view name, std::function<bool()> holds);

  /// A standby serves nothing until it takes over from another instance. It is ready if all conditions hold.
  void set_standby(bool standby) { standby_ = standby; }
  bool is_standby() const { return standby_; }

  /// While paused, probes are not called, because their owner is being constructed or destroyed. pause_probes() waits
  /// for a running probe.
  void pause_probes();
  void resume_probes();

  bool ready() const;
  std::vector<std::string> failing() const;  ///< names, in alphabetical order
  std::vector<Failure> failures() const;     ///< the same conditions

 private:
  static constexpr Seconds kProbeInterval{1};

  /// Whether a condition holds, and the reason if it does not.
  struct State {
    bool holds = false;
    std::string reason;
  };
  struct Probe {
    std::function<State()> ask;
    SteadyPoint asked_at;
    State state;
  };
  void add_probe(std::string_view name, std::function<State()> ask);

  std::atomic<bool> standby_ = false;
  mutable Mutex mutex_;
  std::map<std::string, State, std::less<>> conditions_ GUARDED_BY(mutex_);
  mutable Mutex probing_;
  mutable std::map<std::string, Probe, std::less<>> probes_ GUARDED_BY(probing_);
  bool paused_ GUARDED_BY(probing_) = false;
};

}  // namespace mm::runtime
