#include "services/matchmaker/matching/search/seed_search.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace mm::matching {

SeedSearch::SeedSearch(const Format& format, const Candidates& candidates)
    : candidates_(candidates), fill_(format.teams, format.team_size), players_wanted_(format.players) {
  const auto sizes = static_cast<std::size_t>(format.team_size) + 1;
  by_size_.resize(sizes);
  start_.resize(sizes);
  step_.resize(sizes);
  counts_.resize(sizes);
  std::size_t most = 0;
  for (int size = 1; size <= format.team_size; ++size) most += static_cast<std::size_t>(fill_.max_of(size));
  kept_.resize(most);
}

void SeedSearch::set_island(Island island, const DraftPlan* draft) {
  draft_ = draft;
  island_ = island;
  listed_ = false;
  passed_ = to_pass_ = 0;
}

// Built on first use: most islands are matched without these lists.
void SeedSearch::list_by_size() {
  if (listed_) return;
  listed_ = true;
  for (auto& places : by_size_) places.clear();
  for (Index i = island_.begin; i < island_.end; ++i) {
    if (is_open(i)) by_size_[candidates_[i].size].push_back(i);
  }
  sizes_.clear();
  for (std::size_t size = 1; size < by_size_.size(); ++size) {
    start_[size] = 0;
    if (!by_size_[size].empty()) sizes_.push_back(size);
  }
}

bool SeedSearch::sizes_can_fill(Index begin, Index end, int must) {
  constexpr Index kFew = 256;
  const Index scanned = listed_ ? begin : end - begin <= kFew ? end : begin + kFew;
  std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
  for (Index i = begin; i < scanned; ++i) {
    auto& count = counts_[candidates_[i].size];
    if (is_open(i)) count = static_cast<std::uint16_t>(std::min(count + 1, fill_.max_of(candidates_[i].size)));
    if (must <= 1 && counts_[1] == players_wanted_) return true;
  }
  if (scanned < end) count_by_lists(begin, end);
  return fill_.choose(counts_, must, chosen_);
}

void SeedSearch::count_by_lists(Index begin, Index end) {
  list_by_size();
  std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
  for (const std::size_t size : sizes_) {
    const auto& places = by_size_[size];
    const auto first = std::lower_bound(places.begin(), places.end(), begin);
    const auto count = std::lower_bound(first, places.end(), end) - first;
    counts_[size] = static_cast<std::uint16_t>(std::min<std::ptrdiff_t>(count, fill_.max_of(static_cast<int>(size))));
  }
}

bool SeedSearch::find(Index floor, Index wanted, std::vector<Index>& found) {
  if (candidates_[wanted].low > candidates_[floor].rating) return false;
  const Found near = find_near(floor, wanted);
  if (near == Found::no || (near == Found::too_far && !walk_by_size(floor, wanted))) return false;
  choose(found);
  return true;
}

// After a walk along the list has failed, the next walks are likely to fail too. They are skipped, for longer each
// time.
SeedSearch::Found SeedSearch::find_near(Index floor, Index wanted) {
  constexpr int kMaxPassed = 63;
  if (passed_ < to_pass_) {
    ++passed_;
    return Found::too_far;
  }
  start(floor, wanted);
  const Found found = walk_along(floor, wanted);
  to_pass_ = found == Found::too_far ? std::min(2 * to_pass_ + 1, kMaxPassed) : 0;
  passed_ = 0;
  return found;
}

void SeedSearch::start(Index floor, Index wanted) {
  floor_ = candidates_[floor].rating;
  top_ = candidates_[wanted].rating;
  limit_ = candidates_[wanted].high;
  players_ = 0;
  kept_count_ = 0;
  std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
  keep(wanted);
}

// When a kept ticket drops out, its size is needed again, and tickets of that size may have been skipped. In this case
// the walk gives up, and the per-size lists are used.
SeedSearch::Found SeedSearch::walk_along(Index floor, Index wanted) {
  constexpr int kMaxSkipped = 64;
  const Rating highest = candidates_[wanted].high;
  int skipped = 0;
  bool passed_over = false;
  for (Index i = floor; !is_complete(wanted); ++i) {
    for (;; ++i) {
      if (i == island_.end || candidates_[i].rating > highest) return Found::no;
      if (is_open(i) && i != wanted) {
        if (!is_wanted(candidates_[i].size)) passed_over = true;
        else if (accepts(candidates_[i])) break;
      }
      if (++skipped > kMaxSkipped) return Found::too_far;
    }
    if (passed_over && candidates_[i].rating > limit_) return Found::too_far;
    if (candidates_[i].rating > top_) rise_to(candidates_[i].rating);
    keep(i);
  }
  return Found::yes;
}

bool SeedSearch::walk_by_size(Index floor, Index wanted) {
  list_by_size();
  start(floor, wanted);
  find_starts(floor);
  while (!is_complete(wanted)) {
    const Index i = next();
    if (i == kNobody || candidates_[i].rating > candidates_[wanted].high) return false;
    if (i == wanted || !accepts(candidates_[i])) continue;
    if (candidates_[i].rating > top_) rise_to(candidates_[i].rating);
    keep(i);
  }
  return true;
}

// Floors usually rise from call to call, so each walk searches for its start from the start of the last walk.
void SeedSearch::find_starts(Index floor) {
  constexpr Index kNear = 64;
  for (const std::size_t size : sizes_) {
    const auto& places = by_size_[size];
    std::size_t at = start_[size];
    const bool passed = at > 0 && places[at - 1] >= floor;
    const bool far_off = at < places.size() && places[at] + kNear < floor;
    if (passed || far_off) {
      at = static_cast<std::size_t>(std::lower_bound(places.begin(), places.end(), floor) - places.begin());
    }
    while (at < places.size() && places[at] < floor) ++at;
    start_[size] = step_[size] = at;
  }
}

// The lowest ticket not yet passed whose size is still needed.
Index SeedSearch::next() {
  std::size_t size = 0;
  Index nearest = kNobody;
  for (const std::size_t other : sizes_) {
    const Index i = next_of(other);
    if (i >= nearest) continue;
    nearest = i;
    size = other;
  }
  if (nearest != kNobody) ++step_[size];
  return nearest;
}

Index SeedSearch::next_of(std::size_t size) {
  if (!is_wanted(size)) return kNobody;
  const auto& places = by_size_[size];
  while (step_[size] < places.size() && !is_open(places[step_[size]])) ++step_[size];
  return step_[size] < places.size() ? places[step_[size]] : kNobody;
}

bool SeedSearch::accepts(const Candidate& ticket) const { return ticket.low <= floor_ && ticket.high >= top_; }

void SeedSearch::keep(Index i) {
  kept_[kept_count_++] = i;
  ++counts_[candidates_[i].size];
  players_ += candidates_[i].size;
  limit_ = std::min(limit_, candidates_[i].high);
}

// Drops the kept tickets that do not accept the new top rating; their sizes are needed again.
void SeedSearch::rise_to(Rating rating) {
  top_ = rating;
  if (rating <= limit_) return;
  const std::size_t kept = std::exchange(kept_count_, 0);
  players_ = 0;
  limit_ = std::numeric_limits<Rating>::max();
  std::fill(counts_.begin(), counts_.end(), std::uint16_t{0});
  for (std::size_t k = 0; k < kept; ++k) {
    if (candidates_[kept_[k]].high >= rating) keep(kept_[k]);
  }
}

bool SeedSearch::is_complete(Index wanted) {
  return players_ >= players_wanted_ && fill_.choose(counts_, candidates_[wanted].size, chosen_);
}

// Takes the first kept tickets of each size. `wanted` is the first of all, so it is always taken.
void SeedSearch::choose(std::vector<Index>& found) {
  found.resize(kept_count_);
  std::size_t count = 0;
  for (std::size_t k = 0; k < kept_count_; ++k) {
    auto& still = chosen_[candidates_[kept_[k]].size];
    const bool chosen = still > 0;  // no branch: it would often be mispredicted
    found[count] = kept_[k];
    count += chosen ? 1 : 0;
    still = static_cast<std::uint16_t>(still - (chosen ? 1 : 0));
  }
  found.resize(count);
  if (!std::is_sorted(found.begin(), found.end())) std::sort(found.begin(), found.end());
}

}  // namespace mm::matching
