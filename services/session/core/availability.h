// When silence of a game server may be held against it. Pure.
//
// A heartbeat that could not reach us proves nothing: while we, the database or the bus were away, every server was
// silent. So matches are judged lost only after we have been able to record_heartbeat for as long as the limit, without
// a gap.
#pragma once

#include "common/base/clock.h"

namespace mm::session {

class Availability {
 public:
  /// `limit`: the silence that ends a match. `gap`: looks further apart than this mean that we slept.
  Availability(Milliseconds limit, Milliseconds gap) : limit_(limit), gap_(gap) {}

  /// One look at the world; `heard`: database and bus were there.
  void look(SteadyPoint now, bool heard) {
    if (!listening_ || now - last_ > gap_) since_ = now;
    listening_ = heard;
    last_ = now;
  }

  bool may_judge() const { return listening_ && last_ - since_ >= limit_; }

 private:
  Milliseconds limit_;
  Milliseconds gap_;
  bool listening_ = false;  // we heard at the last look
  SteadyPoint since_;       // and have without a gap from here
  SteadyPoint last_;
};

}  // namespace mm::session
