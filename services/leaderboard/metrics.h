// All metrics of leaderboard.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::leaderboard {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : in_standings(matches(registry, "standings")),
        history_only(matches(registry, "history")),
        duplicates(matches(registry, "known")),
        poison(matches(registry, "poison")),
        apply_seconds(
            registry.histogram("mm_leaderboard_apply_seconds", "Duration of the transaction that applies a match")),
        lag_seconds(registry.histogram("mm_leaderboard_lag_seconds", "From the end of a match until it is applied")) {}

  metrics::Counter in_standings;
  metrics::Counter history_only;
  metrics::Counter duplicates;
  metrics::Counter poison;
  metrics::Histogram apply_seconds;
  metrics::Histogram lag_seconds;

 private:
  static metrics::Counter matches(metrics::Registry& registry, const char* outcome) {
    return registry.counter("mm_leaderboard_matches_total", "match.rated events by outcome", {{"outcome", outcome}});
  }
};

}  // namespace mm::leaderboard
