#include "services/matchmaker/matching/search/starvation_search.h"

#include <algorithm>

namespace mm::matching {

void StarvationSearch::set_island(Island island, const Draft* draft) {
  island_ = island;
  growth_.set_island(island, draft);
}

bool StarvationSearch::exists_for(Index ticket, Index most_floors) {
  if (!sizes_can_fill(ticket)) return false;
  bool exists = false;
  each_floor(ticket, most_floors, [&](Index floor) { return exists = growth_.grow(floor, ticket, found_); });
  return exists;
}

bool StarvationSearch::best_for(Index ticket, Index most_floors, MatchEvaluator& appraiser, std::vector<Index>& best) {
  if (!sizes_can_fill(ticket)) return false;
  double best_utility = -1;
  Rating least_spread = Window::kUnlimited;
  each_floor(ticket, most_floors, [&](Index floor) {
    if (line_[ticket].rating - line_[floor].rating > least_spread) return true;
    if (!growth_.grow(floor, ticket, found_)) return false;
    least_spread = std::min(least_spread, line_[found_.back()].rating - line_[found_.front()].rating);
    const auto worth = appraiser.worth(found_);
    if (worth && worth->utility() > best_utility) {
      best_utility = worth->utility();
      best = found_;
    }
    return false;
  });
  return best_utility >= 0;
}

// Calls `visit` for each rating that the lowest ticket of the match can have, from the ticket's own downwards, until
// `visit` returns true. In modes without ratings there is one floor, the first ticket of the island.
template <class Visit>
void StarvationSearch::each_floor(Index ticket, Index most_floors, Visit&& visit) {
  if (!format_.use_rating) {
    visit(island_.begin);
    return;
  }
  Index visited = 0;
  for (Index floor = ticket + 1; floor-- > island_.begin && visited < most_floors;) {
    if (line_[floor].rating < line_[ticket].low) return;
    // The first of equal ratings stands for all of them, because the walk starts there.
    const bool stands_for_equals = floor == island_.begin || line_[floor - 1].rating != line_[floor].rating;
    if (stands_for_equals && (++visited, visit(floor))) return;
  }
}

// Counts all tickets inside the ticket's window, whether or not they accept it: fast, and usually enough to exclude a
// match.
bool StarvationSearch::sizes_can_fill(Index ticket) {
  if (!format_.use_rating) return growth_.sizes_can_fill(island_.begin, island_.end, line_[ticket].size);
  const auto begin = line_.begin() + island_.begin;
  const auto end = line_.begin() + island_.end;
  const auto first = std::partition_point(begin, end, [&](const Candidate& c) { return c.rating < line_[ticket].low; });
  const auto last =
      std::partition_point(first, end, [&](const Candidate& c) { return c.rating <= line_[ticket].high; });
  return growth_.sizes_can_fill(static_cast<Index>(first - line_.begin()), static_cast<Index>(last - line_.begin()),
                               line_[ticket].size);
}

}  // namespace mm::matching
