// All metrics of orchestrator.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::orchestrator {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : allocate(
            registry.histogram("mm_orchestrator_allocate_seconds", "Duration of an allocation, answered or refused")),
        allocated(registry.counter("mm_orchestrator_allocated_total", "Matches that got a server")),
        moved(registry.counter("mm_orchestrator_moved_total",
                               "Matches moved because their server was gone before it hosted them")),
        no_capacity(
            registry.counter("mm_orchestrator_no_capacity_total", "Allocations refused because all slots are taken")),
        released(registry.counter("mm_orchestrator_released_total", "Releases, including repeated ones")),
        swept(registry.counter("mm_orchestrator_swept_total", "Allocations of ended matches that the sweep released")),
        servers(registry.gauge("mm_orchestrator_game_servers", "Game server processes")),
        servers_started(
            registry.counter("mm_orchestrator_game_servers_started_total", "Game server processes started")),
        servers_lost(registry.counter("mm_orchestrator_game_servers_lost_total",
                                      "Game server processes that ended or were given up")),
        matches(registry.gauge("mm_orchestrator_matches", "Taken slots")) {}

  metrics::Histogram allocate;
  metrics::Counter allocated;
  metrics::Counter moved;
  metrics::Counter no_capacity;
  metrics::Counter released;
  metrics::Counter swept;
  metrics::Gauge servers;
  metrics::Counter servers_started;
  metrics::Counter servers_lost;
  metrics::Gauge matches;
};

}  // namespace mm::orchestrator
