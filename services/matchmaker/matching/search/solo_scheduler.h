// Matches solo tickets: chooses runs of neighbours in rating by weighted interval scheduling.
//
// If all windows are equal and the utility falls linearly with the spread, some best set of matches consists only of
// runs of neighbours: if two matches overlap or nest, exchanging tickets until they do not never increases the sum of
// the spreads. So the best set is a weighted interval schedule over the candidate list,
//   best[i] = max(best[i - 1], best[i - n] + utility of the run of n that ends before i),
// which one pass computes. With mixed waits the result is only a start, which improver.h improves.
#pragma once

#include <vector>

#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/islands.h"

namespace mm::matching {

class SoloScheduler {
 public:
  SoloScheduler(const Format& format, const Candidates& candidates) : format_(format), candidates_(candidates) {}

  /// Adds the best runs of an island to the draft. All tickets of the island must be free and of size 1.
  void schedule(Island island, DraftPlan& draft);

 private:
  bool have_one_window(Island island) const;
  void find_feasible(Island island);
  template <class Feasible>
  void find_best(Island island, const Feasible& feasible);
  void rate_runs(Island island);

  const Format& format_;
  const Candidates& candidates_;
  std::vector<char> feasible_;     ///< by the run's first ticket, from the island's begin
  std::vector<double> bonus_sum_;  ///< sum over the tickets before index i
  std::vector<double> quality_;    ///< indexed like feasible_; so are the next two
  std::vector<Rating> spread_;
  std::vector<double> variance_;  ///< only for duels
  std::vector<double> best_;
  std::vector<Index> queue_high_, queue_low_, starts_;
};

}  // namespace mm::matching
