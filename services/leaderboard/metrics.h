// Every metric family of leaderboard.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::leaderboard {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : stood(matches(registry, "standings")),
        told(matches(registry, "history")),
        known(matches(registry, "known")),
        poison(matches(registry, "poison")),
        apply_seconds(registry.histogram("mm_leaderboard_apply_seconds", "One transaction that applies a match")),
        lag_seconds(registry.histogram("mm_leaderboard_lag_seconds", "From the end of a match to its standings")) {}

  metrics::Counter stood;
  metrics::Counter told;
  metrics::Counter known;
  metrics::Counter poison;
  metrics::Histogram apply_seconds;
  metrics::Histogram lag_seconds;

 private:
  static metrics::Counter matches(metrics::Registry& registry, const char* outcome) {
    return registry.counter("mm_leaderboard_matches_total", "match.rated by what became of it", {{"outcome", outcome}});
  }
};

}  // namespace mm::leaderboard
