// Back pressure of the session service on the matchmaker: how many matches may be committed now. Pure: the time is an
// argument.
//
// A match that the session service does not confirm is of no use to its players, who cannot cancel it either. So no
// match is formed while too many matches are unconfirmed, or one has been unconfirmed for too long: tickets stay
// queued, keep their age and can be cancelled. The limit grows with the current commit rate, so that it does not slow
// down a large queue.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "common/base/clock.h"

namespace mm::matchmaker {

/// Committed matches that the session service has not confirmed.
struct Unconfirmed {
  std::int64_t matches = 0;
  Milliseconds oldest{0};
};

class CommitGate {
 public:
  static constexpr Milliseconds kMaxUnconfirmedAge{10'000};
  /// The limit is at least the number of matches committed within this time.
  static constexpr Milliseconds kRatePeriod{5'000};

  explicit CommitGate(std::int64_t bound) : bound_(bound) {}

  /// The number of matches that may be committed now, in addition to the unconfirmed ones.
  std::int64_t room(const Unconfirmed& unconfirmed, SteadyPoint now) {
    forget_before(now - kRatePeriod);
    const auto bound = std::max(bound_, recent_);
    const auto room =
        unconfirmed.oldest > kMaxUnconfirmedAge ? 0 : std::max<std::int64_t>(0, bound - unconfirmed.matches);
    closed_ = room == 0;
    return room;
  }
  void committed(std::int64_t matches, SteadyPoint now) {
    if (matches == 0) return;
    commits_.emplace_back(now, matches);
    recent_ += matches;
  }
  /// True if the last call of room() returned 0.
  bool closed() const { return closed_; }

 private:
  void forget_before(SteadyPoint point) {
    while (!commits_.empty() && commits_.front().first < point) {
      recent_ -= commits_.front().second;
      commits_.pop_front();
    }
  }

  const std::int64_t bound_;
  std::deque<std::pair<SteadyPoint, std::int64_t>> commits_;  ///< commits of the last kRatePeriod; one entry per tick
  std::int64_t recent_ = 0;
  bool closed_ = false;
};

}  // namespace mm::matchmaker
