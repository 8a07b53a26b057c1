// Computes the figures of many duels at once. A large queue of duels has so many that the divisions and square roots,
// computed one duel after the other, would take a quarter of a tick.
#pragma once

#include <cstddef>
#include <vector>

#include "services/matchmaker/matching/search/candidates.h"
#include "services/matchmaker/matching/search/match_evaluator.h"

namespace mm::matching {

class Duels {
 public:
  void clear();
  /// Adds a duel of two solo tickets, team 0's first.
  void add(const Candidate& first, const Candidate& second);
  /// Computes all figures. Call before figures().
  void evaluate();
  MatchFigures figures(std::size_t i) const { return {quality_[i], spread_[i], advantage_[i]}; }

 private:
  std::vector<Rating> first_, second_;
  std::vector<double> first_variance_, second_variance_;
  std::vector<double> quality_, spread_, advantage_;
};

}  // namespace mm::matching
