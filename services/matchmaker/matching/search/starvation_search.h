// Prevents starvation: a ticket that was passed over in several ticks in a row is matched first in the next tick.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/matching/search/draft_plan.h"
#include "services/matchmaker/matching/search/match_evaluator.h"
#include "services/matchmaker/matching/search/seed_search.h"

namespace mm::matching {

/// Finds matches that contain a given ticket, within an island.
class StarvationSearch {
 public:
  StarvationSearch(const Format& format, const Candidates& candidates)
      : format_(format), candidates_(candidates), seed_search_(format, candidates) {}

  /// Sets the island to search; see SeedSearch::set_island.
  void set_island(Island island, const DraftPlan* draft);

  /// Both functions try at most `max_floors` ratings as the lowest of the match. With kAllFloors the answer is exact.
  static constexpr Index kAllFloors = kNobody;
  /// Whether a match that contains this ticket exists.
  bool exists_for(Index ticket, Index max_floors);
  /// Finds a match that contains the ticket: of the matches with the least spread above each floor, the one with the
  /// highest utility. False if there is none.
  bool best_for(Index ticket, Index max_floors, MatchEvaluator& evaluator, std::vector<Index>& best);

 private:
  template <class Visit>
  void each_floor(Index ticket, Index max_floors, Visit&& visit);
  bool sizes_can_fill(Index ticket);

  const Format& format_;
  const Candidates& candidates_;
  SeedSearch seed_search_;
  Island island_{0, 0};
  std::vector<Index> found_;
};

}  // namespace mm::matching
