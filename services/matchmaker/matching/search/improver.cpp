#include "services/matchmaker/matching/search/improver.h"

#include <algorithm>

#include "services/matchmaker/matching/rules/quality.h"

namespace mm::matching {
namespace {

constexpr double kMinGain = 0.002;  // per match: the quality it must lack, or a neighbourhood must be able to gain

/// How many neighbourhoods in a row may bring no improvement before the search ends. In a large island good matches
/// exist nearly everywhere, so the limit is low.
int max_failures(Island island) { return island.size() <= 4096 ? 32 : 1; }

}  // namespace

Improver::Improver(const Format& format, const Candidates& candidates, DraftPlan& draft, MatchEvaluator& evaluator)
    : format_(format),
      candidates_(candidates),
      draft_(draft),
      evaluator_(evaluator),
      packing_(format, candidates, evaluator) {}

bool Improver::improve(Island island, const std::vector<bool>& fixed) {
  island_ = island;
  fixed_ = &fixed;
  if (island.size() <= Packing::kMaxTickets) {
    gather(island.begin);
    return repack();
  }
  bool changed = false;
  int failures = 0;
  for (const Index seed : seeds()) {
    if (spent() || failures > max_failures(island)) break;
    gather(seed);
    failures = repack() ? 0 : failures + 1;
    changed = changed || failures == 0;
  }
  return changed;
}

std::vector<Index> Improver::seeds() const {
  constexpr std::size_t kMaxSeeds = 1024;  // of each kind; in practice the budget of steps ends the search first
  struct Poor {
    double quality;
    Index first;
  };
  std::vector<Index> chosen;
  std::vector<Poor> poor;
  for (Index i = island_.begin; i < island_.end; ++i) {
    if (draft_.is_free(i)) {
      chosen.push_back(i);
      continue;
    }
    const auto match = draft_.match_of(i);
    const double quality = draft_.utility(match).quality;
    if (quality < 1 - kMinGain && draft_.members(match).front() == i) poor.push_back({quality, i});
  }
  keep_longest_waiting(candidates_, chosen, kMaxSeeds);
  const auto worst = poor.begin() + static_cast<std::ptrdiff_t>(std::min(poor.size(), kMaxSeeds));
  std::partial_sort(poor.begin(), worst, poor.end(), [](const Poor& a, const Poor& b) {
    return a.quality != b.quality ? a.quality < b.quality : a.first < b.first;
  });
  for (auto match = poor.begin(); match != worst; ++match) chosen.push_back(match->first);
  return chosen;
}

// Collects the tickets around `seed`, nearest rating first, each with its whole match.
void Improver::gather(Index seed) {
  constexpr int kMaxMisses = 16;  // tickets whose match does not fit any more
  tickets_.clear();
  matches_.clear();
  take(seed);
  Index below = seed;
  Index above = seed + 1;
  for (int misses = 0; misses < kMaxMisses && tickets_.size() < Packing::kMaxTickets;) {
    const bool has_below = below > island_.begin;
    const bool has_above = above < island_.end;
    if (!has_below && !has_above) break;
    const bool go_below = has_below && (!has_above || candidates_[seed].rating - candidates_[below - 1].rating <=
                                                          candidates_[above].rating - candidates_[seed].rating);
    if (!take(go_below ? --below : above++)) ++misses;
  }
  std::sort(tickets_.begin(), tickets_.end());
}

// Adds a ticket with its match. False if they do not fit.
bool Improver::take(Index i) {
  if (is_fixed(i)) return true;
  if (draft_.is_free(i)) {
    if (tickets_.size() + 1 > Packing::kMaxTickets) return false;
    tickets_.push_back(i);
    return true;
  }
  const auto match = draft_.match_of(i);
  if (std::find(matches_.begin(), matches_.end(), match) != matches_.end()) return true;
  const auto members = draft_.members(match);
  if (tickets_.size() + members.size() > Packing::kMaxTickets) return false;
  tickets_.insert(tickets_.end(), members.begin(), members.end());
  matches_.push_back(match);
  return true;
}

// An upper bound of the utility of any set of matches here: the highest possible quality, plus the bonus of all players
// except those who must be left out, counted with the smallest bonus per player.
double Improver::max_utility() {
  double bonus = 0;
  double least_bonus = kWaitWeight;  // per player
  int players = 0;
  for (const Index i : tickets_) {
    const double own = static_cast<double>(candidates_[i].bonus);
    bonus += own;
    least_bonus = std::min(least_bonus, own / candidates_[i].size);
    players += candidates_[i].size;
  }
  return max_quality() + bonus - players % format_.players * least_bonus;
}

// For solo tickets: the quality of the best runs (solo_scheduler.h), if windows did not matter and all teams were even.
// Otherwise: 1 per match.
double Improver::max_quality() {
  const auto n = static_cast<std::size_t>(format_.players);
  int players = 0;
  bool solo = true;
  for (const Index i : tickets_) {
    players += candidates_[i].size;
    solo = solo && candidates_[i].size == 1;
  }
  if (!solo || !format_.use_rating) return players / format_.players;
  best_.assign(tickets_.size() + 1, 0);
  for (std::size_t end = n; end <= tickets_.size(); ++end) {
    const Rating spread = candidates_[tickets_[end - 1]].rating - candidates_[tickets_[end - n]].rating;
    best_[end] = std::max(best_[end - 1], best_[end - n] + quality(points(spread), 0));
  }
  return best_.back();
}

bool Improver::repack() {
  double current = 0;
  for (const auto match : matches_) {
    if (!draft_.utility(match).is_exact) draft_.set_utility(match, *evaluator_.utility(draft_.members(match)));
    current += draft_.utility(match).total();
  }
  if (current >= max_utility() - kMinGain * static_cast<double>(matches_.size())) return false;
  if (!packing_.solve(tickets_, current, found_)) return false;
  for (const auto match : matches_) draft_.dissolve(match);
  for (const auto& better : found_) draft_.add(better.tickets, better.utility);
  return true;
}

}  // namespace mm::matching
