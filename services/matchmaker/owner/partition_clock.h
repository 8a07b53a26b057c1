// The bucket time of an owned partition, as its owner follows it by the steady clock of its own process. A jump of
// Redis's clock does not move it: the owner notices the jump in the reply to a poll, and the next poll corrects the
// queue.
//
// The reply decides, not the poll: a poll that Redis executes late looks like a jump to Redis, but its reply is late,
// too. A state machine without I/O; not thread-safe.
#pragma once

#include <algorithm>
#include <cstdlib>

#include "common/base/clock.h"
#include "services/matchmaker/queue/owner_store.h"
#include "services/matchmaker/queue/ticket_record.h"

namespace mm::matchmaker {

class PartitionClock {
 public:
  /// Bucket time of this tick; 0: not polled since the lease was acquired.
  BucketMs now() const { return now_; }
  /// When the last poll was answered.
  SteadyPoint polled_at() const { return polled_at_; }
  /// A correction that the next poll must carry, and the beat that belongs to it.
  Milliseconds correction() const { return correction_; }
  std::int64_t beat() const { return beat_; }

  void forget() {
    now_ = polled_ = loaded_ = 0;
    loaded_change_ = beat_ = 0;
    correction_ = set_back_ = Milliseconds{0};
  }

  /// The reply to a poll of the owner, which was sent at `sent` and came at `at`. Bucket time stays what the steady
  /// clock says if the queue's differs by more than kClockTolerance. A reply that came so late says nothing about a
  /// jump.
  void polled(const PollResult& result, SteadyPoint sent, SteadyPoint at) {
    const auto expected = polled_ == 0 ? result.now : polled_ + elapsed(at);
    const bool timely = at - sent <= kClockTolerance;
    const bool jumped = std::abs(expected - result.now) > kClockTolerance.count();
    correction_ = Milliseconds{jumped && timely ? expected - result.now : 0};
    set_back_ = std::max(set_back_, correction_);
    polled_ = jumped ? expected : result.now;
    polled_at_ = at;
    beat_ = result.own_beat;
    now_ = std::max(now_, polled_);
  }

  /// All tickets that the last poll found are in memory, with the right times. `change`: the newest change at that
  /// poll.
  void loaded(std::int64_t change) {
    loaded_ = polled_;
    loaded_change_ = change;
    set_back_ = Milliseconds{0};
  }

  /// By how much the times of a queued ticket must be moved, because they were stamped while the queue's clock had
  /// jumped. A ticket that entered the queue since loaded() cannot have waited longer than that, and cannot come from
  /// the future. If the clock was set back since then, the ticket may have been stamped before or after, or got too
  /// little for the time that it spent in a match: it is taken to be younger.
  Milliseconds error_of(const TicketRecord& ticket) const {
    const Milliseconds waited{now_ - ticket.queued_at};
    if (waited < -kClockTolerance) return waited;
    const bool fresh = loaded_ > 0 && ticket.change > loaded_change_;
    if (!fresh) return Milliseconds{0};
    if (ticket.attempt == 1 && ticket.queued_at < loaded_ - kClockTolerance.count()) return waited;
    return std::clamp(waited, Milliseconds{0}, set_back_);
  }

  /// Between two polls, bucket time advances by the steady clock.
  void advance(SteadyPoint at) { now_ = std::max(now_, polled_ + elapsed(at)); }

 private:
  BucketMs elapsed(SteadyPoint at) const { return std::chrono::duration_cast<Milliseconds>(at - polled_at_).count(); }

  BucketMs now_ = 0;
  BucketMs polled_ = 0;  // bucket time at the last poll
  SteadyPoint polled_at_{};
  BucketMs loaded_ = 0;  // bucket time at the last loaded()
  std::int64_t loaded_change_ = 0;
  Milliseconds set_back_{0};  // by which the queue's clock was set back since loaded()
  Milliseconds correction_{0};
  std::int64_t beat_ = 0;
};

}  // namespace mm::matchmaker
