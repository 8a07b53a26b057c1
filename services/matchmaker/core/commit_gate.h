// Back pressure of sessions on the matchmaker: how many matches may be committed now. Pure: the time is handed in.
//
// A match that cannot be confirmed is of no use to its players, who cannot cancel it either. So while too many matches
// are unconfirmed, or one has been for too long, no match is formed: tickets stay queued, keep their age, and can be
// cancelled. The bound on their number grows with the present rate, so that a large queue is not slowed down by it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>

#include "common/base/clock.h"

namespace mm::matchmaker {

/// Committed matches that no session has confirmed.
struct Unconfirmed {
  std::int64_t matches = 0;
  Milliseconds oldest{0};
};

class CommitGate {
 public:
  static constexpr Milliseconds kOldestMost{10'000};
  /// As many matches as were committed within this time may always be unconfirmed.
  static constexpr Milliseconds kRateOver{5'000};

  explicit CommitGate(std::int64_t bound) : bound_(bound) {}

  /// How many matches may be committed beside those that are unconfirmed.
  std::int64_t room(const Unconfirmed& unconfirmed, SteadyPoint now) {
    forget_before(now - kRateOver);
    const auto bound = std::max(bound_, recent_);
    const auto room = unconfirmed.oldest > kOldestMost ? 0 : std::max<std::int64_t>(0, bound - unconfirmed.matches);
    closed_ = room == 0;
    return room;
  }
  void committed(std::int64_t matches, SteadyPoint now) {
    if (matches == 0) return;
    commits_.emplace_back(now, matches);
    recent_ += matches;
  }
  /// There was no room when it was last asked for.
  bool closed() const { return closed_; }

 private:
  void forget_before(SteadyPoint point) {
    while (!commits_.empty() && commits_.front().first < point) {
      recent_ -= commits_.front().second;
      commits_.pop_front();
    }
  }

  const std::int64_t bound_;
  std::deque<std::pair<SteadyPoint, std::int64_t>> commits_;  ///< of the last kRateOver, one entry a tick
  std::int64_t recent_ = 0;
  bool closed_ = false;
};

}  // namespace mm::matchmaker
