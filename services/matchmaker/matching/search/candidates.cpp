#include "services/matchmaker/matching/search/candidates.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching {
namespace {

Candidate candidate_of(const Waiter& waiter, const Format& format, BucketMs waited_ms) {
  const Rating window = format.window.at(waited_ms);
  const double bonus = waiting_bonus(waited_ms, format.widen_seconds) * waiter.size / format.players;
  return {.rating = waiter.rating,
          .low = waiter.rating - window,
          .high = waiter.rating + window,
          .bonus = static_cast<float>(bonus),
          .slot = waiter.slot,
          .queued = waiter.queued,
          .deviation = waiter.deviation,
          .size = waiter.size,
          .use = waiter.use};
}

}  // namespace

void keep_longest_waiting(const Candidates& candidates, std::vector<Index>& tickets, std::size_t limit) {
  const auto longer = [&](Index a, Index b) { return waits_longer(candidates, a, b); };
  if (tickets.size() > limit) {
    std::nth_element(tickets.begin(), tickets.begin() + static_cast<std::ptrdiff_t>(limit), tickets.end(), longer);
    tickets.resize(limit);
  }
  std::sort(tickets.begin(), tickets.end(), longer);
}

void build_candidates(const Pool& pool, const Format& format, BucketMs now, std::span<const Slot> expired,
                      std::span<CandidateRange> ranges, Candidates& candidates, std::vector<Slot>& closed) {
  std::vector<bool> is_expired;
  if (!expired.empty()) is_expired.resize(pool.slots());
  for (const Slot slot : expired) is_expired[slot] = true;
  const BucketMs since_epoch = now - pool.epoch();
  for (CandidateRange& range : ranges) {
    range.begin = static_cast<Index>(candidates.size());
    pool.sorted().for_each_block(range.from, range.to, [&](std::span<const Waiter> waiters) {
      const std::size_t before = candidates.size();
      candidates.resize(before + waiters.size());
      Candidate* next = candidates.data() + before;
      for (const Waiter& waiter : waiters) {
        if (!is_expired.empty() && is_expired[waiter.slot]) continue;
        if (waiter.has_latencies()) {
          const auto opens = pool.opens_at(waiter.slot);
          if (!opens || *opens > now) {
            closed.push_back(waiter.slot);
            continue;
          }
        }
        *next++ = candidate_of(waiter, format, since_epoch - waiter.queued);
      }
      candidates.resize(static_cast<std::size_t>(next - candidates.data()));
    });
    range.end = static_cast<Index>(candidates.size());
  }
  if (format.use_rating) return;
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.queued < b.queued; });
}

}  // namespace mm::matching
