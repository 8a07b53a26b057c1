// For how long session has been able to observe the world without a gap. Pure.
//
// The absence of a heartbeat proves nothing if no heartbeat could arrive, because session, the database or the bus was
// away. So matches are judged overdue only after database and bus have been available, without a gap, for at least as
// long as the limit.
#pragma once

#include "common/base/clock.h"

namespace mm::session {

class Availability {
 public:
  /// `limit`: after how long a match is overdue. `max_gap`: if two observations are further apart, this process slept.
  Availability(Milliseconds limit, Milliseconds max_gap) : limit_(limit), max_gap_(max_gap) {}

  /// One observation; `available`: database and bus answered.
  void observe(SteadyPoint now, bool available) {
    if (!available_ || now - last_ > max_gap_) since_ = now;
    available_ = available;
    last_ = now;
  }

  /// Available without a gap for at least the limit.
  bool may_judge() const { return available_ && last_ - since_ >= limit_; }

 private:
  Milliseconds limit_;
  Milliseconds max_gap_;
  bool available_ = false;  // at the last observation
  SteadyPoint since_;       // available without a gap from here on
  SteadyPoint last_;
};

}  // namespace mm::session
