#include "services/matchmaker/matching/search/starvation_search.h"

#include <algorithm>

namespace mm::matching {

void StarvationSearch::set_island(Island island, const DraftPlan* draft) {
  island_ = island;
  seed_search_.set_island(island, draft);
}

bool StarvationSearch::exists_for(Index ticket, Index max_floors) {
  if (!sizes_can_fill(ticket)) return false;
  bool exists = false;
  each_floor(ticket, max_floors, [&](Index floor) { return exists = seed_search_.find(floor, ticket, found_); });
  return exists;
}

bool StarvationSearch::best_for(Index ticket, Index max_floors, MatchEvaluator& evaluator, std::vector<Index>& best) {
  if (!sizes_can_fill(ticket)) return false;
  double best_utility = -1;
  Rating least_spread = Window::kUnlimited;
  each_floor(ticket, max_floors, [&](Index floor) {
    if (candidates_[ticket].rating - candidates_[floor].rating > least_spread) return true;
    if (!seed_search_.find(floor, ticket, found_)) return false;
    least_spread = std::min(least_spread, candidates_[found_.back()].rating - candidates_[found_.front()].rating);
    const auto utility = evaluator.utility(found_);
    if (utility && utility->total() > best_utility) {
      best_utility = utility->total();
      best = found_;
    }
    return false;
  });
  return best_utility >= 0;
}

// Calls `visit` for each rating that the lowest ticket of the match can have, from the ticket's own downwards, until
// `visit` returns true. In modes without ratings there is one floor, the first ticket of the island.
template <class Visit>
void StarvationSearch::each_floor(Index ticket, Index max_floors, Visit&& visit) {
  if (!format_.use_rating) {
    visit(island_.begin);
    return;
  }
  Index visited = 0;
  for (Index floor = ticket + 1; floor-- > island_.begin && visited < max_floors;) {
    if (candidates_[floor].rating < candidates_[ticket].low) return;
    // The first of equal ratings stands for all of them, because the walk starts there.
    const bool stands_for_equals = floor == island_.begin || candidates_[floor - 1].rating != candidates_[floor].rating;
    if (stands_for_equals && (++visited, visit(floor))) return;
  }
}

// Counts all tickets inside the ticket's window, whether or not they accept it: fast, and usually enough to exclude a
// match.
bool StarvationSearch::sizes_can_fill(Index ticket) {
  if (!format_.use_rating) return seed_search_.sizes_can_fill(island_.begin, island_.end, candidates_[ticket].size);
  const auto begin = candidates_.begin() + island_.begin;
  const auto end = candidates_.begin() + island_.end;
  const auto first =
      std::partition_point(begin, end, [&](const Candidate& c) { return c.rating < candidates_[ticket].low; });
  const auto last =
      std::partition_point(first, end, [&](const Candidate& c) { return c.rating <= candidates_[ticket].high; });
  return seed_search_.sizes_can_fill(static_cast<Index>(first - candidates_.begin()),
                                     static_cast<Index>(last - candidates_.begin()), candidates_[ticket].size);
}

}  // namespace mm::matching
