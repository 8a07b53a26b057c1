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
    each_from(kLook, [&](const Waiter& other) {
      const Rating refusal = gap_to(other) - std::min(window_of(self()), window_of(other));
      least = std::min(least.value_or(refusal), refusal);
      return *least <= 0;
    });
    return least;
  }

  /// Those inside its own window, itself included; no more are counted than a match takes.
  int players_within_reach() const {
    const Rating window = window_of(self());
    int players = self().size;
    for (auto at = place_; players < format_.players && at != line_.begin();) {
      at = line_.before(at);
      if (gap_to(line_.at(at)) > window) break;
      players += line_.at(at).size;
    }
    for (auto at = line_.next(place_); players < format_.players && at != line_.end(); at = line_.next(at)) {
      if (gap_to(line_.at(at)) > window) break;
      players += line_.at(at).size;
    }
    return std::min(players, format_.players);
  }

 private:
  const Waiter& self() const { return line_.at(place_); }
  Rating gap_to(const Waiter& other) const { return std::abs(other.rating - self().rating); }
  Rating window_of(const Waiter& waiter) const { return format_.window.at(now_ - pool_.epoch() - waiter.queued); }

  /// Until `seen` says it has seen enough.
  template <class Seen>
  void each_from(int most, Seen&& seen) const {
    auto at = place_;
    for (int i = 0; i < most && at != line_.begin(); ++i) {
      at = line_.before(at);
      if (seen(line_.at(at))) return;
    }
    at = line_.next(place_);
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
  const auto everyone = static_cast<std::int64_t>(pool.players());
  if (everyone < format.players) return {Binding::players, static_cast<float>(format.players - everyone)};
  const Surroundings around(pool, format, now, slot);
  const auto least = around.least_refusal();
  if (least && *least > 0) return {Binding::window, static_cast<float>(points(*least))};
  return {Binding::players, static_cast<float>(format.players - around.players_within_reach())};
}

}  // namespace mm::matchmaker
