#include "services/matchmaker/matching/explain/wait_reason.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "services/matchmaker/matching/rules/format.h"

namespace mm::matching {
namespace {

/// A ticket and its neighbours in the sorted list.
class Surroundings {
 public:
  Surroundings(const Pool& pool, const Format& format, BucketMs now, Slot slot)
      : pool_(pool), sorted_(pool.sorted()), format_(format), now_(now), place_(sorted_.first_from(pool.rating(slot))) {
    while (sorted_.at(place_).slot != slot) place_ = sorted_.next(place_);
  }

  /// The least amount by which a neighbour and this ticket do not accept each other; 0 or less: they accept each other.
  /// Empty without neighbours.
  std::optional<Rating> least_refusal() const {
    constexpr int kNeighboursEachSide = 8;  // neighbours on each side; a fitting window farther away is rare
    std::optional<Rating> least;
    const auto compare = [&](const Waiter& other) {
      const Rating refusal = gap_to(other) - std::min(window_of(self()), window_of(other));
      least = std::min(least.value_or(refusal), refusal);
      return *least <= 0;
    };
    each_below(kNeighboursEachSide, compare);
    each_above(kNeighboursEachSide, compare);
    return least;
  }

  /// The tickets that accept this one and are accepted by it, including itself.
  struct Reach {
    int players = 0;  ///< players to whom the region is open, at most as many as a match takes
    std::vector<std::pair<BucketMs, int>> later;  ///< for the others: when the region opens, and the number of players
  };
  Reach reach() const {
    constexpr int kNeighboursEachSide = 512;  // neighbours on each side
    const Rating window = window_of(self());
    Reach found{self().size, {}};
    const auto count = [&](const Waiter& other) {
      const Rating gap = gap_to(other);
      if (gap <= window && gap <= window_of(other)) add(other, found);
      return gap > window || found.players >= format_.players;
    };
    each_above(kNeighboursEachSide, count);
    if (found.players < format_.players) each_below(kNeighboursEachSide, count);
    found.players = std::min(found.players, format_.players);
    return found;
  }

 private:
  const Waiter& self() const { return sorted_.at(place_); }
  Rating gap_to(const Waiter& other) const { return std::abs(other.rating - self().rating); }
  Rating window_of(const Waiter& waiter) const { return format_.window.at(now_ - pool_.epoch() - waiter.queued); }

  void add(const Waiter& other, Reach& found) const {
    const auto opens = other.has_latencies() ? pool_.opens_at(other.slot) : now_;
    if (!opens) return;
    if (*opens <= now_) found.players += other.size;
    else found.later.emplace_back(*opens, other.size);
  }

  /// Calls `seen` for the `limit` nearest neighbours below, until it returns true.
  template <class Seen>
  void each_below(int limit, const Seen& seen) const {
    auto at = place_;
    for (int i = 0; i < limit && at != sorted_.begin(); ++i) {
      at = sorted_.before(at);
      if (seen(sorted_.at(at))) return;
    }
  }
  template <class Seen>
  void each_above(int limit, const Seen& seen) const {
    auto at = sorted_.next(place_);
    for (int i = 0; i < limit && at != sorted_.end(); ++i, at = sorted_.next(at)) {
      if (seen(sorted_.at(at))) return;
    }
  }

  const Pool& pool_;
  const SortedWaiters& sorted_;
  const Format& format_;
  BucketMs now_;
  SortedWaiters::Place place_;
};

}  // namespace

WaitReason why_waiting(const Pool& pool, const ModeRules& rules, BucketMs now, const PlannerMemory& memory, Slot slot) {
  const auto opens = pool.opens_at(slot);
  if (!opens) return {BlockingRule::latency, std::numeric_limits<float>::infinity()};
  if (*opens > now) return {BlockingRule::latency, static_cast<float>(*opens - now) / 1000.0F};
  if (memory.was_passed_over(pool, slot)) return {BlockingRule::outbid, 0};
  const Format format(rules, pool.team_size());
  const Surroundings around(pool, format, now, slot);
  auto reach = around.reach();
  const WaitReason missing{BlockingRule::players, static_cast<float>(format.players - reach.players)};
  // If the pool has too few players, wider windows do not help.
  if (pool.players() < static_cast<std::size_t>(format.players)) return missing;
  const auto least = around.least_refusal();
  if (least && *least > 0) return {BlockingRule::window, static_cast<float>(points(*least))};
  std::sort(reach.later.begin(), reach.later.end());
  for (const auto& [at, players] : reach.later) {
    reach.players += players;
    if (reach.players >= format.players) return {BlockingRule::latency, static_cast<float>(at - now) / 1000.0F};
  }
  return missing;
}

}  // namespace mm::matching
