// Prevents starvation: a ticket that was passed over in several ticks in a row is matched first in the next tick.
#pragma once

#include <optional>
#include <vector>

#include "services/matchmaker/matching/search/match_evaluator.h"
#include "services/matchmaker/matching/search/draft.h"
#include "services/matchmaker/matching/search/seed_search.h"

namespace mm::matching {

/// Finds matches that contain a given ticket, within an island.
class StarvationSearch {
 public:
  StarvationSearch(const Format& format, const Candidates& line) : format_(format), line_(line), growth_(format, line) {}

  /// Sets the island to search; see SeedSearch::set_island.
  void set_island(Island island, const Draft* draft);

  /// Both functions try at most `most_floors` ratings as the lowest of the match. With kAllFloors the answer is exact.
  static constexpr Index kAllFloors = kNobody;
  /// Whether a match that contains this ticket exists.
  bool exists_for(Index ticket, Index most_floors);
  /// Finds a match that contains the ticket: of the matches with the least spread above each floor, the one with the
  /// highest utility. False if there is none.
  bool best_for(Index ticket, Index most_floors, MatchEvaluator& appraiser, std::vector<Index>& best);

 private:
  template <class Visit>
  void each_floor(Index ticket, Index most_floors, Visit&& visit);
  bool sizes_can_fill(Index ticket);

  const Format& format_;
  const Candidates& line_;
  SeedSearch growth_;
  Island island_{0, 0};
  std::vector<Index> found_;
};

}  // namespace mm::matching
