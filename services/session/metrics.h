// Every metric family of session.
#pragma once

#include <map>
#include <string>

#include "common/contracts/session.h"
#include "common/runtime/metrics.h"

namespace mm::session {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : found_to_ready(registry.histogram("mm_session_found_to_ready_seconds",
                                          "From the match being made to its server being there")),
        allocate(registry.histogram("mm_session_allocate_seconds", "One request for a server")),
        waiting(registry.gauge("mm_session_waiting_matches", "Matches without a server at the last look")),
        duplicates(registry.counter("mm_session_found_again_total", "Matches told of again: by match.found or by a request")),
        results_repeated(registry.counter("mm_session_results_repeated_total", "Results that were accepted before")),
        results_refused(registry.counter("mm_session_results_refused_total", "Results that came too late or differ")),
        untold(registry.counter("mm_session_untold_total", "Frames and events dropped because telling lags behind")) {
    for (const auto& [status, text] : EnumText<MatchStatus>::kAll) {
      entered.emplace(status, registry.counter("mm_session_matches_total", "Matches that entered a state",
                                               {{"state", std::string(text)}}));
    }
  }

  metrics::Histogram found_to_ready;
  metrics::Histogram allocate;
  metrics::Gauge waiting;
  metrics::Counter duplicates;
  metrics::Counter results_repeated;
  metrics::Counter results_refused;
  metrics::Counter untold;
  std::map<MatchStatus, metrics::Counter> entered;  // complete after construction, read by all threads
};

}  // namespace mm::session
