#include "services/matchmaker/core/why.h"

#include <algorithm>
#include <limits>

#include "services/matchmaker/core/format.h"

namespace mm::matchmaker {
namespace {

/// One ticket among its neighbours in the line.
class Surroundings {
 public:
  Surroundings(const Pool& pool, const Format& format, BucketMs now, Slot slot)
      : pool_(pool), line_(pool.line()), format_(format), now_(now), place_(line_.first_from(pool.rating(slot))) {
    while (line_.at(place_).slot != slot) place_ = line_.next(place_);
  }

  /// By how much the stricter of it and its nearest neighbours refuses the other; 0 or less: they accept each other.
  std::optional<Rating> least_refusal() const {
    constexpr int kLook = 8;  // neighbours each way; beyond them a window that fits is rare
    std::optional<Rating> least;
    const auto compare = [&](const Waiter& other) {
      const Rating refusal = gap_to(other) - std::min(window_of(self()), window_of(other));
      least = std::min(least.value_or(refusal), refusal);
      return *least <= 0;
    };
    each_below(kLook, compare);
    each_above(kLook, compare);
    return least;
  }

  /// Those who accept it and are accepted, itself included; no more are counted than a match takes.
  int players_within_reach() const {
    constexpr int kLook = 512;  // neighbours each way
    const Rating window = window_of(self());
    int players = self().size;
    const auto count = [&](const Waiter& other) {
      const Rating gap = gap_to(other);
      if (gap <= window && gap <= window_of(other)) players += other.size;
      return gap > window || players >= format_.players;
    };
    each_above(kLook, count);
    if (players < format_.players) each_below(kLook, count);
    return std::min(players, format_.players);
  }

 private:
  const Waiter& self() const { return line_.at(place_); }
  Rating gap_to(const Waiter& other) const { return std::abs(other.rating - self().rating); }
  Rating window_of(const Waiter& waiter) const { return format_.window.at(now_ - pool_.epoch() - waiter.queued); }

  /// The nearest so many, until `seen` says that it has seen enough.
  template <class Seen>
  void each_below(int most, const Seen& seen) const {
    auto at = place_;
    for (int i = 0; i < most && at != line_.begin(); ++i) {
      at = line_.before(at);
      if (seen(line_.at(at))) return;
    }
  }
  template <class Seen>
  void each_above(int most, const Seen& seen) const {
    auto at = line_.next(place_);
    for (int i = 0; i < most && at != line_.end(); ++i, at = line_.next(at)) {
      if (seen(line_.at(at))) return;
    }
  }

  const Pool& pool_;
  const SortedLine& line_;
  const Format& format_;
  BucketMs now_;
  SortedLine::Place place_;
};

}  // namespace

Waiting why_waiting(const Pool& pool, const ModeRules& rules, BucketMs now, const Memory& memory, Slot slot) {
  const auto opens = pool.opens_at(slot);
  if (!opens) return {Binding::latency, std::numeric_limits<float>::infinity()};
  if (*opens > now) return {Binding::latency, static_cast<float>(*opens - now) / 1000.0F};
  if (memory.was_outbid(pool, slot)) return {Binding::outbid, 0};
  const Format format(rules, pool.team_size());
  const Surroundings around(pool, format, now, slot);
  const auto missing = [&] { return static_cast<float>(format.players - around.players_within_reach()); };
  // However wide windows grow, a few are not enough.
  if (pool.players() < static_cast<std::size_t>(format.players)) return {Binding::players, missing()};
  const auto least = around.least_refusal();
  if (least && *least > 0) return {Binding::window, static_cast<float>(points(*least))};
  return {Binding::players, missing()};
}

}  // namespace mm::matchmaker
