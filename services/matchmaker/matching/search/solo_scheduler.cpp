#include "services/matchmaker/matching/search/solo_scheduler.h"

#include <algorithm>
#include <array>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching {

void SoloScheduler::schedule(Island island, DraftPlan& draft) {
  const auto n = static_cast<Index>(format_.players);
  if (island.size() < n) return;
  bonus_sum_.resize(island.size() + 1);
  bonus_sum_[0] = 0;
  for (Index i = 0; i < island.size(); ++i) {
    bonus_sum_[i + 1] = bonus_sum_[i] + static_cast<double>(candidates_[island.begin + i].bonus);
  }
  rate_runs(island);
  if (have_one_window(island)) {
    const Candidate* const candidates = candidates_.data() + island.begin;
    find_best(island,
              [candidates, n](Index first) { return candidates[first + n - 1].rating <= candidates[first].high; });
  } else {
    find_feasible(island);
    find_best(island, [this](Index first) { return feasible_[first] != 0; });
  }
  starts_.clear();
  for (Index end = island.size(); end >= n;) {
    if (best_[end] > best_[end - 1]) {
      starts_.push_back(end - n);
      end -= n;
    } else {
      --end;
    }
  }
  for (auto start = starts_.rbegin(); start != starts_.rend(); ++start) {
    const double bonus = bonus_sum_[*start + n] - bonus_sum_[*start];
    draft.add_run(island.begin + *start, n, {quality_[*start], bonus, n == 2});
  }
}

template <class Feasible>
void SoloScheduler::find_best(Island island, const Feasible& feasible) {
  const auto n = static_cast<Index>(format_.players);
  best_.resize(island.size() + 1);
  std::fill_n(best_.begin(), n, 0.0);
  double* const best_until = best_.data();
  const double* const bonus_until = bonus_sum_.data();
  const double* const rated = quality_.data();
  double best = 0;
  for (Index first = 0, end = n; end <= island.size(); ++first, ++end) {
    if (feasible(first)) {
      const double bonus = bonus_until[end] - bonus_until[first];
      best = std::max(best, best_until[first] + rated[first] + bonus);
    }
    best_until[end] = best;
  }
}

bool SoloScheduler::have_one_window(Island island) const {
  const Rating window = candidates_[island.begin].high - candidates_[island.begin].rating;
  return std::all_of(candidates_.begin() + island.begin, candidates_.begin() + island.end,
                     [window](const Candidate& ticket) { return ticket.high - ticket.rating == window; });
}

// A run is a match if its first and last ratings are within every window of the run: its lowest `high` is at least its
// last rating, and its highest `low` at most its first. One pass computes both sliding extremes, with queues of the
// tickets that can still become the extreme.
void SoloScheduler::find_feasible(Island island) {
  const auto n = static_cast<Index>(format_.players);
  feasible_.assign(island.size(), 0);
  queue_high_.resize(island.size());
  queue_low_.resize(island.size());
  Index high_begin = 0, high_end = 0, low_begin = 0, low_end = 0;
  for (Index i = 0; i < island.size(); ++i) {
    const Candidate& ticket = candidates_[island.begin + i];
    while (high_end > high_begin && candidates_[island.begin + queue_high_[high_end - 1]].high >= ticket.high)
      --high_end;
    queue_high_[high_end++] = i;
    while (low_end > low_begin && candidates_[island.begin + queue_low_[low_end - 1]].low <= ticket.low) --low_end;
    queue_low_[low_end++] = i;
    if (i + 1 < n) continue;
    const Index first = i + 1 - n;
    if (queue_high_[high_begin] < first) ++high_begin;
    if (queue_low_[low_begin] < first) ++low_begin;
    feasible_[first] =
        candidates_[island.begin + queue_high_[high_begin]].high >= ticket.rating &&
        candidates_[island.begin + queue_low_[low_begin]].low <= candidates_[island.begin + first].rating;
  }
}

// Computes the quality of each run, without the bonus: exact for duels; for teams as if they were even, which teams of
// many players nearly are. This is separate from the choice of the runs, with one loop per step, so that the compiler
// can vectorise the divisions and square roots.
void SoloScheduler::rate_runs(Island island) {
  const auto n = static_cast<Index>(format_.players);
  const Index runs = island.size() + 1 - n;
  const Candidate* const candidates = candidates_.data() + island.begin;
  spread_.resize(runs);
  quality_.resize(runs);
  for (Index first = 0; first < runs; ++first)
    spread_[first] = candidates[first + n - 1].rating - candidates[first].rating;
  const Rating* const spread = spread_.data();
  double* const rated = quality_.data();
  for (Index first = 0; first < runs; ++first) rated[first] = points(spread[first]);
  if (n > 2) {
    for (Index first = 0; first < runs; ++first) rated[first] = quality(rated[first], 0);
    return;
  }
  variance_.resize(runs);
  double* const edge = variance_.data();
  for (Index first = 0; first < runs; ++first)
    edge[first] = candidates[first].variance() + candidates[first + 1].variance();
  for (Index first = 0; first < runs; ++first) edge[first] = advantage({rated[first], edge[first]}, {}, 1);
  for (Index first = 0; first < runs; ++first) rated[first] = quality(rated[first], edge[first]);
}

}  // namespace mm::matching
