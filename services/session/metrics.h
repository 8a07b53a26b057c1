// All metrics of session.
#pragma once

#include <map>
#include <string>

#include "common/contracts/session.h"
#include "common/runtime/metrics.h"
#include "common/runtime/recovery_budget.h"

namespace mm::session {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : found_to_ready(registry.histogram("mm_session_found_to_ready_seconds",
                                          "From match.found being made until the match has a server")),
        allocate(registry.histogram("mm_session_allocate_seconds", "One request to the orchestrator for a server")),
        waiting(registry.gauge("mm_session_waiting_matches", "Matches without a server at the last sweep")),
        duplicates(registry.counter("mm_session_found_again_total",
                                    "Found matches that had a row already, by match.found or session.reconcile")),
        results_repeated(registry.counter("mm_session_results_repeated_total",
                                          "Results equal to the result that was accepted before")),
        results_refused(registry.counter("mm_session_results_refused_total",
                                         "Results refused because the match is over or another result was accepted")),
        servers_requested_again(runtime::recovery_counter(registry, runtime::Recovery::server_requested)),
        dropped(registry.counter("mm_session_notifications_dropped_total",
                                 "Notifications dropped: the queue was full, the bus was away, or session stopped")) {
    for (const auto& [status, text] : EnumText<MatchStatus>::kAll) {
      entered.emplace(status, registry.counter("mm_session_matches_total", "Matches that entered this state",
                                               {{"state", std::string(text)}}));
    }
  }

  metrics::Histogram found_to_ready;
  metrics::Histogram allocate;
  metrics::Gauge waiting;
  metrics::Counter duplicates;
  metrics::Counter results_repeated;
  metrics::Counter results_refused;
  metrics::Counter servers_requested_again;
  metrics::Counter dropped;
  std::map<MatchStatus, metrics::Counter> entered;  // complete after construction, read by all threads
};

}  // namespace mm::session
