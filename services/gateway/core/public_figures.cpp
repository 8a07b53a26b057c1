#include "services/gateway/core/public_figures.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace mm::gateway {
namespace {

// In a summary, zero means that the owner of the partition has seen no recent match.
std::optional<std::int64_t> known(std::int64_t wait_ms) { return wait_ms > 0 ? std::optional(wait_ms) : std::nullopt; }

PublicQueue queue_of(const std::vector<const BucketSummary*>& buckets) {
  PublicQueue queue;
  queue.mode = buckets.front()->mode;
  queue.region = buckets.front()->region;
  const BucketSummary* busiest = nullptr;
  for (const auto* bucket : buckets) {
    queue.players_waiting += bucket->players;
    queue.team_sizes.push_back(
        {bucket->team_size, bucket->players, known(bucket->wait_p50_ms), known(bucket->wait_p90_ms)});
    const auto activity = [](const BucketSummary& b) {
      return std::tuple(b.wait_p50_ms > 0, b.matches_last_minute, b.players);
    };
    if (busiest == nullptr || activity(*bucket) > activity(*busiest)) busiest = bucket;
  }
  queue.wait_p50_ms = known(busiest->wait_p50_ms);
  queue.wait_p90_ms = known(busiest->wait_p90_ms);
  std::sort(queue.team_sizes.begin(), queue.team_sizes.end(),
            [](const auto& a, const auto& b) { return a.team_size < b.team_size; });
  return queue;
}

}  // namespace

PublicModes public_modes(const ModeTable& table) {
  PublicModes out;
  for (const auto& rules : table.all()) {
    out.modes.push_back({rules.id, rules.teams, rules.team_sizes, rules.team_size_or_default(std::nullopt), rules.rated,
                         rules.max_wait_seconds});
  }
  return out;
}

PublicQueues public_queues(const QueueSummary& summary) {
  std::map<std::pair<Mode, Region>, std::vector<const BucketSummary*>> by_queue;
  for (const auto& bucket : summary.buckets) by_queue[{bucket.mode, bucket.region}].push_back(&bucket);
  PublicQueues out;
  for (const auto& [key, buckets] : by_queue) out.queues.push_back(queue_of(buckets));
  std::stable_sort(out.queues.begin(), out.queues.end(),
                   [](const auto& a, const auto& b) { return a.players_waiting > b.players_waiting; });
  if (out.queues.size() > kMaxPublicQueues) out.queues.resize(kMaxPublicQueues);
  return out;
}

}  // namespace mm::gateway
