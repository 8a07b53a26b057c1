// The metrics of the gateway. All series are created at the start; labels are routes and status classes, never ids.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "common/contracts/work.h"
#include "common/daemon/queue_watch.h"
#include "common/runtime/metrics.h"
#include "services/gateway/api/route.h"

namespace mm::gateway {

struct Metrics {
  struct OfRoute {
    std::array<metrics::Counter, 4> answered;  ///< 2xx, 3xx, 4xx, 5xx
    metrics::Histogram seconds;
  };

  Metrics(metrics::Registry& the_registry, Routes routes)
      : registry(the_registry),
        unmatched(of_route(registry, "none", "none")),
        connections(registry.gauge("mm_gateway_connections", "Open connections, WebSockets included")),
        sockets(registry.gauge("mm_gateway_sockets", "Open WebSockets")),
        connections_refused(registry.counter("mm_gateway_connections_refused_total",
                                             "Connections refused because a connection limit was reached")),
        heads_refused(registry.counter("mm_gateway_heads_refused_total",
                                       "Requests that could not be parsed or did not arrive in time")),
        rate_limited(registry.counter("mm_gateway_rate_limited_total", "Requests refused with 429")),
        limits_local(registry.counter("mm_gateway_limits_local_total",
                                      "Rate limit decisions of this process while the Redis cache was unavailable")),
        refresh_reused(registry.counter("mm_gateway_refresh_reused_total",
                                        "Spent refresh tokens that were used again; the login was ended each time")),
        frames_relayed(registry.counter("mm_gateway_frames_relayed_total", "Frames from the bus queued on WebSockets")),
        frames_replayed(registry.counter("mm_gateway_frames_replayed_total",
                                         "Stored frames queued on WebSockets because the client had missed them")),
        replays_impossible(registry.counter(
            "mm_gateway_replays_impossible_total",
            "Clients that got only a welcome because not all frames that they had missed were stored")),
        frames_received(registry.counter("mm_gateway_frames_received_total", "Frames received from clients")),
        welcomes(registry.counter("mm_gateway_welcomes_total", "Welcome frames sent")),
        sockets_too_slow(registry.counter("mm_gateway_sockets_too_slow_total",
                                          "WebSockets closed with 4413 because the client read too slowly")),
        retries_unserved(retries(registry, "unserved")),
        retries_unanswered(retries(registry, "unanswered")),
        retries_refused(registry.counter("mm_gateway_retries_refused_total",
                                         "Requests to daemons not sent again because the budget was used up")),
        requests_refused(registry.counter("mm_gateway_daemon_requests_refused_total",
                                          "Requests to daemons refused at once, because the daemon does not answer or "
                                          "too many requests wait for it")),
        crowded_out{crowded(registry, "finish"), crowded(registry, "change"), crowded(registry, "read")},
        queue_memory(registry),
        retry_budget(registry.gauge("mm_gateway_retry_budget", "Requests to daemons that may be sent again now")) {
    for (const auto& route : routes) by_route.push_back(of_route(registry, route.method, route.path));
  }

  metrics::Registry& registry;
  std::vector<OfRoute> by_route;  ///< in the order of the table of routes
  OfRoute unmatched;
  metrics::Gauge connections;
  metrics::Gauge sockets;
  metrics::Counter connections_refused;
  metrics::Counter heads_refused;
  metrics::Counter rate_limited;
  metrics::Counter limits_local;
  metrics::Counter refresh_reused;
  metrics::Counter frames_relayed;
  metrics::Counter frames_replayed;
  metrics::Counter replays_impossible;
  metrics::Counter frames_received;
  metrics::Counter welcomes;
  metrics::Counter sockets_too_slow;
  metrics::Counter retries_unserved;
  metrics::Counter retries_unanswered;
  metrics::Counter retries_refused;
  metrics::Counter requests_refused;
  std::array<metrics::Counter, kWorkRanks> crowded_out;  ///< by rank_of
  daemon::QueueMetrics queue_memory;
  metrics::Gauge retry_budget;

 private:
  static metrics::Counter crowded(metrics::Registry& registry, const char* work) {
    return registry.counter("mm_gateway_crowded_out_total",
                            "Requests refused because too many were in progress, by class", {{"work", work}});
  }
  static metrics::Counter retries(metrics::Registry& registry, const char* reason) {
    return registry.counter("mm_gateway_retries_total", "Requests to daemons that were sent again",
                            {{"reason", reason}});
  }
  static OfRoute of_route(metrics::Registry& registry, std::string_view method, std::string_view path) {
    const auto answered = [&](const char* status_class) {
      return registry.counter(
          "mm_gateway_answers_total", "Answers by route and status class",
          {{"method", std::string(method)}, {"route", std::string(path)}, {"status", status_class}});
    };
    return {{answered("2xx"), answered("3xx"), answered("4xx"), answered("5xx")},
            registry.histogram("mm_gateway_answer_seconds", "Time from the complete request to its answer",
                               {{"method", std::string(method)}, {"route", std::string(path)}})};
  }
};

}  // namespace mm::gateway
