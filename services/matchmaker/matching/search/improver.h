// Local search over the matches of a draft: dissolves the matches of a neighbourhood, packs its tickets again, and
// keeps the result if it is better. One step can skip a ticket, swap tickets between matches, nest one match inside
// another, or turn two matches into three: anything that a few dozen tickets allow.
//
// An island of up to 28 tickets is one neighbourhood and is solved at once. In a larger one, the surroundings of
// unmatched tickets come first, the longest-waiting first, then those of the worst matches, until the tick's budget of
// steps is used up.
#pragma once

#include <vector>

#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/islands.h"
#include "services/matchmaker/matching/search/packing.h"

namespace mm::matching {

class Improver {
 public:
  /// Budget for one tick of one bucket: about 5 ms.
  static constexpr std::uint64_t kStepsPerTick = 120'000;

  Improver(const Format& format, const Candidates& candidates, DraftPlan& draft, MatchEvaluator& evaluator);

  /// Improves the draft. Matches with a ticket in `fixed` stay unchanged. True if any match has changed.
  bool improve(Island island, const std::vector<bool>& fixed);
  std::uint64_t steps() const { return packing_.steps(); }
  /// Begins a tick; see Packing::begin().
  void begin(std::uint64_t max_steps) { packing_.begin(max_steps); }
  bool gave_up() const { return packing_.gave_up(); }

 private:
  bool spent() const { return packing_.steps() >= kStepsPerTick || packing_.gave_up(); }
  bool is_fixed(Index i) const { return !fixed_->empty() && (*fixed_)[i]; }
  std::vector<Index> seeds() const;
  void gather(Index seed);
  bool take(Index i);
  double max_utility();
  double max_quality();
  bool repack();

  const Format& format_;
  const Candidates& candidates_;
  DraftPlan& draft_;
  MatchEvaluator& evaluator_;
  Packing packing_;

  const std::vector<bool>* fixed_ = nullptr;
  Island island_{0, 0};
  std::vector<Index> tickets_;                  ///< the tickets of the neighbourhood
  std::vector<DraftPlan::MatchIndex> matches_;  ///< the draft's matches in the neighbourhood
  std::vector<Packing::Found> found_;
  std::vector<double> best_;
};

}  // namespace mm::matching
