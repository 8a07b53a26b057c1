#include "services/matchmaker/owner/depth_report.h"

#include <algorithm>
#include <tuple>

namespace mm::matchmaker {
namespace {

constexpr Milliseconds kQueueTimeout{300};
constexpr Milliseconds kMinute{60'000};
constexpr Milliseconds kRetireAfter{15 * 60 * 1000};

/// If only the oldest ticket's age changed, a bucket's summary is written no more often than this.
constexpr Milliseconds kAgeInterval{5'000};

/// The fields whose change is written at once.
auto reported_fields(const BucketSummary& s) {
  return std::tie(s.tickets, s.players, s.matches_last_minute, s.wait_p50_ms, s.wait_p90_ms, s.waits, s.owner);
}

}  // namespace

DepthReport::DepthReport(OwnerStore& store, MatchPublisher& publisher, WaitEstimator& waits, const Clock& clock,
                         Metrics& metrics, std::string instance)
    : store_(store),
      publisher_(publisher),
      wait_estimator_(waits),
      clock_(clock),
      metrics_(metrics),
      instance_(std::move(instance)) {}

void DepthReport::report(const std::vector<Partition*>& owned, const std::map<std::string, std::int64_t>& matches) {
  const auto now = clock_.steady();
  std::vector<BucketSummary> changed;
  std::vector<QueueChanged> depths;
  std::vector<BucketOwned> retired;
  std::map<std::string, Known> seen;
  for (auto* partition : owned) {
    for (auto& [text, bucket] : partition->buckets) {
      if (!bucket.complete()) continue;
      wait_estimator_.sample_waits(text, bucket.rules(), bucket.pool(), bucket.take_departures(),
                                   partition->clock.now());
      auto& known = seen.emplace(text, std::move(known_[text])).first->second;
      if (const auto made = matches.find(text); made != matches.end()) known.matches.emplace_back(now, made->second);
      auto summary = summarise(*partition, bucket, known);
      if (summary.tickets > 0 || known.empty_since == SteadyPoint{}) known.empty_since = now;
      if (now - known.empty_since > kRetireAfter) retired.push_back({partition->name, partition->lease.token(), text});
      const bool aged =
          summary.oldest_wait_ms != known.written.oldest_wait_ms && now - known.written_at >= kAgeInterval;
      if (known.is_written && !aged && reported_fields(summary) == reported_fields(known.written)) continue;
      if (!known.is_written || summary.tickets != known.written.tickets || summary.players != known.written.players) {
        depths.push_back(
            {summary.tenant, summary.mode, summary.region, summary.team_size, summary.tickets, summary.players});
      }
      known.is_written = true;
      known.written = summary;
      known.written_at = now;
      changed.push_back(std::move(summary));
    }
  }
  known_ = std::move(seen);
  set_gauges(owned);
  // Errors are ignored: a summary that was not written is written again when it changes.
  if (!changed.empty()) static_cast<void>(store_.write_summaries(changed, Deadline::after(kQueueTimeout)));
  if (!retired.empty()) {
    static_cast<void>(store_.retire(retired, Deadline::after(kQueueTimeout)));
    for (const auto& one : retired) wait_estimator_.forget(one.bucket);
  }
  if (!depths.empty()) publisher_.depths(std::move(depths));
}

BucketSummary DepthReport::summarise(const Partition& partition, const BucketState& bucket, Known& known) {
  while (!known.matches.empty() && clock_.steady() - known.matches.front().first > kMinute) known.matches.pop_front();
  BucketSummary summary;
  summary.tenant = bucket.bucket().tenant;
  summary.mode = bucket.bucket().mode;
  summary.region = bucket.bucket().region;
  summary.team_size = bucket.bucket().team_size;
  summary.tickets = static_cast<std::int64_t>(bucket.pool().size());
  summary.players = static_cast<std::int64_t>(bucket.pool().players());
  if (const auto oldest = bucket.pool().oldest()) {
    summary.oldest_wait_ms = std::max<BucketMs>(0, partition.clock.now() - oldest->queued_at);
  }
  for (const auto& [at, made] : known.matches) summary.matches_last_minute += made;
  const auto waits = wait_estimator_.overall(bucket.text());
  summary.wait_p50_ms = static_cast<std::int64_t>(waits.p50_ms);
  summary.wait_p90_ms = static_cast<std::int64_t>(waits.p90_ms);
  if (summary.wait_p50_ms > 0) summary.waits = wait_estimator_.by_kind(bucket.text());
  summary.owner = instance_;
  return summary;
}

// The buckets of several tenants may share a series.
void DepthReport::set_gauges(const std::vector<Partition*>& owned) {
  std::map<Metrics::OfBucket*, std::pair<double, double>> sums;
  for (auto& [key, gauges] : metrics_.by_bucket) sums[&gauges] = {0, 0};
  for (const auto* partition : owned) {
    for (const auto& [text, bucket] : partition->buckets) {
      auto& [tickets, players] = sums[&metrics_.of_bucket(bucket.bucket())];
      tickets += static_cast<double>(bucket.pool().size());
      players += static_cast<double>(bucket.pool().players());
    }
  }
  for (const auto& [gauges, sum] : sums) {
    gauges->tickets.set(sum.first);
    gauges->players.set(sum.second);
  }
  metrics_.leases.set(static_cast<double>(owned.size()));
}

}  // namespace mm::matchmaker
