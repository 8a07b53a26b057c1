#include "services/matchmaker/core/improve.h"

#include <algorithm>

namespace mm::matchmaker {

Improver::Improver(const Format& format, const Line& line, Draft& draft, Appraiser& appraiser)
    : line_(line), draft_(draft), packing_(format, line, appraiser) {}

void Improver::improve(Island island, const std::vector<bool>& fixed) {
  island_ = island;
  fixed_ = &fixed;
  if (island.size() <= Packing::kMostTickets) {
    gather(island.begin);
    return repack();
  }
  std::vector<Index> seeds;
  for (Index i = island.begin; i < island.end; ++i) {
    if (draft_.is_free(i)) seeds.push_back(i);
  }
  std::sort(seeds.begin(), seeds.end(), [&](Index a, Index b) { return waits_longer(line_, a, b); });
  constexpr Index kStride = Packing::kMostTickets / 2;
  for (Index i = island.begin; i < island.end; i += kStride) seeds.push_back(i);
  for (const Index seed : seeds) {
    if (spent()) return;
    gather(seed);
    repack();
  }
}

// The tickets around `seed`, nearest rating first, each with the whole match it plays in.
void Improver::gather(Index seed) {
  constexpr int kMostMisses = 16;  // matches too large for the room left
  tickets_.clear();
  matches_.clear();
  take(seed);
  Index below = seed;
  Index above = seed + 1;
  for (int misses = 0; misses < kMostMisses && tickets_.size() < Packing::kMostTickets;) {
    const bool has_below = below > island_.begin;
    const bool has_above = above < island_.end;
    if (!has_below && !has_above) break;
    const bool go_below =
        has_below && (!has_above || line_[seed].rating - line_[below - 1].rating <= line_[above].rating - line_[seed].rating);
    if (!take(go_below ? --below : above++)) ++misses;
  }
  std::sort(tickets_.begin(), tickets_.end());
}

// False if there is no room for it.
bool Improver::take(Index i) {
  if (is_fixed(i)) return true;
  if (draft_.is_free(i)) {
    if (tickets_.size() + 1 > Packing::kMostTickets) return false;
    tickets_.push_back(i);
    return true;
  }
  const auto match = draft_.match_of(i);
  if (std::find(matches_.begin(), matches_.end(), match) != matches_.end()) return true;
  const auto members = draft_.members(match);
  if (tickets_.size() + members.size() > Packing::kMostTickets) return false;
  tickets_.insert(tickets_.end(), members.begin(), members.end());
  matches_.push_back(match);
  return true;
}

void Improver::repack() {
  double standing = 0;
  for (const auto match : matches_) standing += draft_.utility(match);
  if (!packing_.solve(tickets_, standing, found_)) return;
  for (const auto match : matches_) draft_.dissolve(match);
  for (const auto& better : found_) draft_.add(better.tickets, better.utility);
}

}  // namespace mm::matchmaker
