// RecoveryBudget: limits the messages that a process sends only because something may have been lost: events sent to
// JetStream again, and matches that session is asked about. So the work after an outage does not grow with the length
// of the outage, and leaves room for players. One per process. Thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "common/runtime/metrics.h"

namespace mm::runtime {

/// The kinds of recovery messages, for the metric.
enum class Recovery { event_resent, match_reconciled, server_requested };

/// Counts messages of a kind. Also used alone, for recovery that is limited in another way.
inline metrics::Counter recovery_counter(metrics::Registry& registry, Recovery kind) {
  constexpr std::array<const char*, 3> kNames{"event_resent", "match_reconciled", "server_requested"};
  return registry.counter("mm_recovery_messages_total",
                          "Messages sent only because something may have been lost, by kind",
                          {{"kind", kNames[static_cast<std::size_t>(kind)]}});
}

class RecoveryBudget {
 public:
  static constexpr double kPerSecond = 400;
  static constexpr double kMost = 200;  ///< that can be sent at once

  RecoveryBudget(metrics::Registry& registry, const Clock& clock)
      : clock_(clock),
        left_gauge_(registry.gauge("mm_recovery_budget",
                                   "Recovery messages that may be sent now; 0 for long: recovery is at its limit")),
        lost_(registry.counter(
            "mm_recovery_lost_events_total",
            "Events that JetStream had confirmed, and did not have any more when they were sent again")),
        counters_{recovery_counter(registry, Recovery::event_resent),
                  recovery_counter(registry, Recovery::match_reconciled),
                  recovery_counter(registry, Recovery::server_requested)},
        refilled_at_(clock.steady()) {
    left_gauge_.set(kMost);
  }

  /// The number of messages that may be sent now.
  std::size_t room() {
    const MutexLock lock(mutex_);
    refill();
    return left_ < 0 ? 0 : static_cast<std::size_t>(left_);
  }

  /// Counts messages that were sent. Two threads may have seen the same room; the budget is then negative for a moment.
  void spend(Recovery kind, std::size_t messages) {
    counters_[static_cast<std::size_t>(kind)].add(static_cast<double>(messages));
    const MutexLock lock(mutex_);
    refill();
    left_ -= static_cast<double>(messages);
    left_gauge_.set(left_);
  }

  /// JetStream stored an event that was sent again, so it had lost the event.
  void count_lost() { lost_.add(); }

 private:
  void refill() REQUIRES(mutex_) {
    const auto now = clock_.steady();
    if (now <= refilled_at_) return;
    left_ = std::min(kMost, left_ + kPerSecond * std::chrono::duration<double>(now - refilled_at_).count());
    refilled_at_ = now;
    left_gauge_.set(left_);
  }

  const Clock& clock_;
  metrics::Gauge left_gauge_;
  metrics::Counter lost_;
  std::array<metrics::Counter, 3> counters_;
  Mutex mutex_;
  double left_ GUARDED_BY(mutex_) = kMost;
  SteadyPoint refilled_at_ GUARDED_BY(mutex_);
};

}  // namespace mm::runtime
