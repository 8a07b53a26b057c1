// Every metric family of the matchmaker. Labels are mode, region and team size, never a tenant or an id. Buckets beyond
// the first kBucketSeries share the series `other`.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "common/contracts/modes.h"
#include "common/runtime/metrics.h"
#include "services/matchmaker/queue/bucket.h"

namespace mm::matchmaker {

struct Metrics {
  static constexpr std::size_t kBucketSeries = 256;
  inline static const std::vector<double> kShort{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025};

  struct OfMode {
    metrics::Counter matches;
    metrics::Histogram wait;
  };
  struct OfBucket {
    metrics::Gauge tickets;
    metrics::Gauge players;
  };

  explicit Metrics(metrics::Registry& to_registry, const ModeTable& modes)
      : registry(to_registry),
        tick(registry.histogram("mm_matchmaker_tick_seconds", "Duration of a tick")),
        plan(registry.histogram("mm_matchmaker_plan_seconds", "Duration of planning all buckets in a tick")),
        overruns(
            registry.counter("mm_matchmaker_tick_overruns_total", "Ticks that took longer than the tick interval")),
        failed_ticks(
            registry.counter("mm_matchmaker_ticks_failed_total", "Ticks ended early because the queue did not answer")),
        commits_refused(refusal("refused")),
        commits_lost(refusal("lease_lost")),
        commits_unknown(refusal("unknown")),
        takeovers(registry.counter("mm_matchmaker_takeovers_total",
                                   "Partition leases acquired, including partitions that had no owner")),
        leases(registry.gauge("mm_matchmaker_partitions_owned", "Partitions owned by this instance")),
        rebuilds(registry.counter("mm_matchmaker_bucket_rebuilds_total",
                                  "Buckets read again from the start because memory and queue differed")),
        clock_jumps(
            registry.counter("mm_matchmaker_restamped_total", "Tickets whose times were corrected after a clock jump")),
        expired(registry.counter("mm_matchmaker_tickets_timed_out_total", "Tickets that reached their deadline")),
        enqueued(request("queued")),
        enqueued_again(request("same")),
        enqueue_refused(request("refused")),
        enqueue_failed(request("failed")),
        live(registry.gauge("mm_matchmaker_live_matches", "Live matches of owned tenants")),
        unconfirmed(registry.gauge("mm_matchmaker_unconfirmed_matches", "Live matches not yet confirmed by session")),
        unconfirmed_age(registry.gauge("mm_matchmaker_unconfirmed_age_seconds", "Age of the oldest unconfirmed match")),
        outcomes(
            registry.counter("mm_matchmaker_outcomes_total", "Match outcomes that changed a match or its tickets")),
        repaired(registry.counter("mm_matchmaker_outcomes_pulled_total",
                                  "Match outcomes obtained by request instead of by event")),
        republished(
            registry.counter("mm_matchmaker_republished_total",
                             "Matches that session stored by request, so that match.found was published again")),
        store_failures(registry.counter("mm_matchmaker_store_failures_total",
                                        "match.found publications not confirmed by the stream")),
        notifications_dropped(
            registry.counter("mm_matchmaker_notifications_dropped_total",
                             "Frames and events dropped because the queue was full or the daemon stopped")),
        outbox(registry.gauge("mm_matchmaker_outbox_length",
                              "Ticket events of owned tenants not yet confirmed by the stream")),
        relayed(registry.counter("mm_matchmaker_relayed_total", "Ticket events confirmed by the stream")),
        relayed_again(registry.counter("mm_matchmaker_relayed_again_total",
                                       "Ticket events sent again because a different nats-server had confirmed them")),
        relayed_dropped(
            registry.counter("mm_matchmaker_relayed_dropped_total",
                             "Confirmed ticket events dropped because too many were kept for sending again")),
        held_back(registry.gauge("mm_matchmaker_commits_held_back",
                                 "1 while no match is committed because too many are unconfirmed")),
        queue_went_back(went_back("redis_queue")),
        database_went_back(went_back("postgres")),
        restored(registry.counter("mm_matchmaker_matches_restored_total",
                                  "Matches of session that the queue had lost, and that were made live again")),
        swept(registry.counter("mm_matchmaker_swept_total", "Tickets and matches deleted some time after their end")),
        explain(
            registry.histogram("mm_matchmaker_explain_seconds", "Duration of computing an explanation", {}, kShort)),
        explain_copy(registry.histogram("mm_matchmaker_explain_copy_seconds",
                                        "Duration of copying a ticket's neighbourhood on the tick thread", {}, kShort)),
        explains_refused(registry.counter("mm_matchmaker_explains_refused_total",
                                          "Explanation requests refused because too many were pending")),
        recording(registry.gauge("mm_matchmaker_recording", "1 while a recording is written")),
        recorded_bytes(registry.counter("mm_matchmaker_recorded_bytes_total", "Bytes written to recordings")),
        recording_gaps(
            registry.counter("mm_matchmaker_recording_gaps_total", "Gaps in recordings because writing fell behind")) {
    for (const auto& mode : modes.all()) of_mode(mode.id);
  }

  /// Tick thread only. `mode` is in the mode table, or was in it earlier.
  OfMode& of_mode(const Mode& mode) {
    static const std::vector<double> kWaits{0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600};
    if (const auto known = by_mode.find(mode); known != by_mode.end()) return known->second;
    const metrics::Labels labels{{"mode", mode.str()}};
    const OfMode made{registry.counter("mm_matchmaker_matches_total", "Matches committed", labels),
                      registry.histogram("mm_matchmaker_wait_seconds",
                                         "Wait of matched tickets, from enqueue to commit", labels, kWaits)};
    return by_mode.emplace(mode, made).first->second;
  }

  /// Tick thread only.
  OfBucket& of_bucket(const Bucket& bucket) {
    std::tuple key{bucket.mode.str(), bucket.region.str(), bucket.team_size};
    if (auto known = by_bucket.find(key); known != by_bucket.end()) return known->second;
    metrics::Labels labels{
        {"mode", bucket.mode.str()}, {"region", bucket.region.str()}, {"team_size", std::to_string(bucket.team_size)}};
    if (by_bucket.size() >= kBucketSeries) {
      key = {"other", "other", 0};
      labels = {{"mode", "other"}, {"region", "other"}, {"team_size", "0"}};
    }
    return by_bucket
        .try_emplace(key, OfBucket{registry.gauge("mm_matchmaker_tickets", "Tickets waiting", labels),
                                   registry.gauge("mm_matchmaker_players", "Players waiting", labels)})
        .first->second;
  }

  metrics::Registry& registry;
  metrics::Histogram tick;
  metrics::Histogram plan;
  metrics::Counter overruns;
  metrics::Counter failed_ticks;
  metrics::Counter commits_refused;
  metrics::Counter commits_lost;
  metrics::Counter commits_unknown;
  metrics::Counter takeovers;
  metrics::Gauge leases;
  metrics::Counter rebuilds;
  metrics::Counter clock_jumps;
  metrics::Counter expired;
  metrics::Counter enqueued;
  metrics::Counter enqueued_again;
  metrics::Counter enqueue_refused;
  metrics::Counter enqueue_failed;
  metrics::Gauge live;
  metrics::Gauge unconfirmed;
  metrics::Gauge unconfirmed_age;
  metrics::Counter outcomes;
  metrics::Counter repaired;
  metrics::Counter republished;
  metrics::Counter store_failures;
  metrics::Counter notifications_dropped;
  metrics::Gauge outbox;
  metrics::Counter relayed;
  metrics::Counter relayed_again;
  metrics::Counter relayed_dropped;
  metrics::Gauge held_back;
  metrics::Counter queue_went_back;
  metrics::Counter database_went_back;
  metrics::Counter restored;
  metrics::Counter swept;
  metrics::Histogram explain;
  metrics::Histogram explain_copy;
  metrics::Counter explains_refused;
  metrics::Gauge recording;
  metrics::Counter recorded_bytes;
  metrics::Counter recording_gaps;
  std::map<Mode, OfMode> by_mode;
  std::map<std::tuple<std::string, std::string, int>, OfBucket> by_bucket;

 private:
  metrics::Counter refusal(const std::string& why) {
    return registry.counter("mm_matchmaker_commits_refused_total", "Commits that did not create a match",
                            {{"reason", why}});
  }
  metrics::Counter went_back(const std::string& store) {
    return registry.counter("mm_matchmaker_store_went_back_total",
                            "Times that a store was found to be empty or older than it had been", {{"store", store}});
  }
  metrics::Counter request(const std::string& result) {
    return registry.counter("mm_matchmaker_enqueues_total", "Enqueue requests", {{"result", result}});
  }
};

}  // namespace mm::matchmaker
