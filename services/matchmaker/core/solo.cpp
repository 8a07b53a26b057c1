#include "services/matchmaker/core/solo.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "services/matchmaker/core/quality.h"

namespace mm::matchmaker {

void Runs::schedule(Island island, Draft& draft, Appraiser& appraiser) {
  const auto n = static_cast<Index>(format_.players);
  if (island.size() < n) return;
  find_feasible(island);
  bonus_sum_.resize(island.size() + 1);
  bonus_sum_[0] = 0;
  for (Index i = 0; i < island.size(); ++i) {
    bonus_sum_[i + 1] = bonus_sum_[i] + static_cast<double>(line_[island.begin + i].bonus);
  }
  best_.assign(island.size() + 1, 0);
  for (Index end = n; end <= island.size(); ++end) {
    const Index first = end - n;
    best_[end] = best_[end - 1];
    if (!feasible_[first]) continue;
    const double with = best_[first] + run_utility(island.begin + first) + bonus_sum_[end] - bonus_sum_[first];
    best_[end] = std::max(best_[end], with);
  }
  std::vector<Index> starts;
  for (Index end = island.size(); end >= n;) {
    if (best_[end] > best_[end - 1]) {
      starts.push_back(island.begin + end - n);
      end -= n;
    } else {
      --end;
    }
  }
  std::vector<Index> run(n);
  for (auto start = starts.rbegin(); start != starts.rend(); ++start) {
    std::iota(run.begin(), run.end(), *start);
    draft.add(run, *appraiser.worth(run));
  }
}

// A run is a match if its first and last ticket are within everybody's window: the least `high` in it is no less
// than its last rating, the greatest `low` no greater than its first. Both sliding extremes in one pass (queues of
// the tickets that can still become the extreme).
void Runs::find_feasible(Island island) {
  const auto n = static_cast<Index>(format_.players);
  feasible_.assign(island.size(), false);
  queue_high_.resize(island.size());
  queue_low_.resize(island.size());
  Index high_begin = 0, high_end = 0, low_begin = 0, low_end = 0;
  for (Index i = 0; i < island.size(); ++i) {
    const Candidate& ticket = line_[island.begin + i];
    while (high_end > high_begin && line_[island.begin + queue_high_[high_end - 1]].high >= ticket.high) --high_end;
    queue_high_[high_end++] = i;
    while (low_end > low_begin && line_[island.begin + queue_low_[low_end - 1]].low <= ticket.low) --low_end;
    queue_low_[low_end++] = i;
    if (i + 1 < n) continue;
    const Index first = i + 1 - n;
    if (queue_high_[high_begin] < first) ++high_begin;
    if (queue_low_[low_begin] < first) ++low_begin;
    feasible_[first] = line_[island.begin + queue_high_[high_begin]].high >= ticket.rating &&
                       line_[island.begin + queue_low_[low_begin]].low <= line_[island.begin + first].rating;
  }
}

// Without the bonus. A duel exactly; teams as if they came out even, which of many they nearly do.
double Runs::run_utility(Index first) const {
  const Candidate& low = line_[first];
  const Candidate& high = line_[first + static_cast<Index>(format_.players) - 1];
  const double spread = points(high.rating - low.rating);
  if (format_.players > 2) return quality(spread, 0);
  return quality(spread, advantage({spread, low.variance() + high.variance()}, {}, 1));
}

}  // namespace mm::matchmaker
