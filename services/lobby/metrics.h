// All metrics of lobby. The bus counts requests, refusals and latencies per subject.
#pragma once

#include "common/runtime/metrics.h"

namespace mm::lobby {

struct Metrics {
  explicit Metrics(metrics::Registry& registry)
      : created(changes(registry, "created")),
        joined(changes(registry, "joined")),
        left(changes(registry, "left")),
        kicked(changes(registry, "kicked")),
        readied(changes(registry, "readied")),
        invited(changes(registry, "invited")),
        declined(changes(registry, "declined")),
        withdrawn(changes(registry, "withdrawn")),
        expired(changes(registry, "expired")),
        promoted(changes(registry, "promoted")),
        connected(changes(registry, "connected")),
        disconnected(changes(registry, "disconnected")),
        absent(changes(registry, "absent")),
        settled(changes(registry, "settled")),
        disbanded(changes(registry, "disbanded")),
        conflicts(
            registry.counter("mm_lobby_conflicts_total", "Changes decided again because the party changed meanwhile")),
        entered_by_party(registry.counter("mm_lobby_queue_entries_total", "Tickets queued", {{"by", "party"}})),
        entered_alone(registry.counter("mm_lobby_queue_entries_total", "Tickets queued", {{"by", "player"}})),
        away_cancelled(
            registry.counter("mm_lobby_away_cancelled_total",
                             "Tickets cancelled because a player had no socket during the whole grace period")),
        presence_dropped(
            registry.counter("mm_lobby_presence_dropped_total", "Presence events dropped because the queue was full")),
        notifications_dropped(
            registry.counter("mm_lobby_notifications_dropped_total",
                             "Frames and events dropped because the queue was full or publishing failed")),
        rating_rows(registry.gauge("mm_lobby_rating_rows", "Ratings in memory")),
        rating_bytes(registry.gauge("mm_lobby_rating_bytes", "Memory used by the ratings")) {}

  metrics::Counter created, joined, left, kicked, readied;
  metrics::Counter invited, declined, withdrawn, expired;
  metrics::Counter promoted;
  metrics::Counter connected, disconnected, absent;  ///< the presence of a member changed
  metrics::Counter settled;                          ///< the ticket of the party had ended
  metrics::Counter disbanded;
  metrics::Counter conflicts;
  metrics::Counter entered_by_party, entered_alone;
  metrics::Counter away_cancelled, presence_dropped;
  metrics::Counter notifications_dropped;
  metrics::Gauge rating_rows, rating_bytes;

 private:
  static metrics::Counter changes(metrics::Registry& registry, const char* change) {
    return registry.counter("mm_lobby_party_changes_total", "Changes of parties, by kind", {{"change", change}});
  }
};

}  // namespace mm::lobby
