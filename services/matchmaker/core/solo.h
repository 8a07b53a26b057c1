// Where everyone stands alone: matches of neighbours in rating.
//
// With equal windows and a utility that falls linearly with the spread, some best set of matches consists of runs of
// neighbours: of two matches that overlap or nest, exchanging tickets until they do not makes no sum of spreads
// larger. So the best set is a weighted interval schedule over the line,
//   best[i] = max(best[i - 1], best[i - n] + utility of the run of n that ends before i),
// found in one pass. With mixed waits it is only the start; improve.h goes on from there.
#pragma once

#include <vector>

#include "services/matchmaker/core/draft.h"
#include "services/matchmaker/core/islands.h"

namespace mm::matchmaker {

class Runs {
 public:
  Runs(const Format& format, const Line& line) : format_(format), line_(line) {}

  /// Adds the best runs of an island to the draft. All its tickets are free and of size 1.
  void schedule(Island island, Draft& draft);

 private:
  bool have_one_window(Island island) const;
  void find_feasible(Island island);
  template <class Feasible>
  void find_best(Island island, const Feasible& feasible);
  void rate_runs(Island island);

  const Format& format_;
  const Line& line_;
  std::vector<char> feasible_;     ///< by the run's first ticket, from the island's begin
  std::vector<double> bonus_sum_;  ///< over the tickets before
  std::vector<double> quality_;    ///< by the run's first ticket, from the island's begin; so are the next two
  std::vector<Rating> spread_;
  std::vector<double> variance_;  ///< of duels
  std::vector<double> best_;
  std::vector<Index> queue_high_, queue_low_, starts_;
};

}  // namespace mm::matchmaker
