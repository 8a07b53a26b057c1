// Which matchmaker instances are alive. Each instance raises its own number in the queue once a tick, so an owner does
// not have to write to the leases of idle partitions. A state machine without I/O, like Lease.
//
// An instance whose number stood still over kOwnerTimeout of successful polls is gone. Time without successful polls
// does not count, because then that instance could not raise its number either.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "services/matchmaker/owner/lease.h"

namespace mm::matchmaker {

class Pulses {
 public:
  /// Records a poll's result: the numbers, by the address of the instance.
  void seen(const std::map<Uuid, std::int64_t>& numbers, SteadyPoint at) {
    const auto step =
        polled_at_ ? std::min(std::chrono::duration_cast<Milliseconds>(at - *polled_at_), kMaxStep) : Milliseconds{0};
    polled_at_ = at;
    std::map<Uuid, Pulse> pulses;
    for (const auto& [address, number] : numbers) {
      const auto before = pulses_.find(address);
      const bool still = before != pulses_.end() && before->second.number == number;
      pulses[address] = {number, still ? before->second.stood_still + step : Milliseconds{0}};
    }
    pulses_ = std::move(pulses);
  }
  /// Records that a poll failed: the time since the last successful poll does not count.
  void missed() { polled_at_.reset(); }

  bool known(Uuid address) const { return pulses_.contains(address); }
  bool gone(Uuid address) const { return stood_still_for(address, kOwnerTimeout); }
  /// Instances that have been gone for kForgetAfter: their numbers may be deleted.
  std::vector<Uuid> forgotten() const {
    std::vector<Uuid> addresses;
    for (const auto& [address, pulse] : pulses_) {
      if (pulse.stood_still >= kForgetAfter) addresses.push_back(address);
    }
    return addresses;
  }

 private:
  static constexpr Milliseconds kForgetAfter{10 * 60 * 1000};
  /// Limit of what one pause counts: a pause of this process is no proof that another instance stood still.
  static constexpr Milliseconds kMaxStep{250};

  struct Pulse {
    std::int64_t number = 0;
    Milliseconds stood_still{0};
  };
  bool stood_still_for(Uuid address, Milliseconds time) const {
    const auto pulse = pulses_.find(address);
    return pulse != pulses_.end() && pulse->second.stood_still >= time;
  }

  std::map<Uuid, Pulse> pulses_;
  std::optional<SteadyPoint> polled_at_;
};

}  // namespace mm::matchmaker
