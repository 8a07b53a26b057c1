// Which matchmakers live. Each raises its own number in the queue once a tick, so an owner need not touch the leases of
// partitions in which nothing happens. A value machine without I/O, as Lease.
//
// An instance whose number stood still for kLeaseGone of successful looks is gone. Time in which nobody could look does
// not count: then it could not raise its number either.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "common/base/clock.h"
#include "common/base/id.h"
#include "services/matchmaker/lease.h"

namespace mm::matchmaker {

class Pulses {
 public:
  /// A look has found these numbers, by the address of the instance.
  void seen(const std::map<Uuid, std::int64_t>& numbers, SteadyPoint at) {
    const auto step = looked_at_ ? std::min(std::chrono::duration_cast<Milliseconds>(at - *looked_at_), kLongestStep)
                                 : Milliseconds{0};
    looked_at_ = at;
    std::map<Uuid, Pulse> pulses;
    for (const auto& [address, number] : numbers) {
      const auto before = pulses_.find(address);
      const bool still = before != pulses_.end() && before->second.number == number;
      pulses[address] = {number, still ? before->second.stood_still + step : Milliseconds{0}};
    }
    pulses_ = std::move(pulses);
  }
  /// A look failed: the time since the last one does not count.
  void missed() { looked_at_.reset(); }

  bool known(Uuid address) const { return pulses_.contains(address); }
  bool gone(Uuid address) const { return stood_still_for(address, kLeaseGone); }
  /// Gone for so long that nobody can be interested any more.
  std::vector<Uuid> forgotten() const {
    std::vector<Uuid> addresses;
    for (const auto& [address, pulse] : pulses_) {
      if (pulse.stood_still >= kForgottenAfter) addresses.push_back(address);
    }
    return addresses;
  }

 private:
  static constexpr Milliseconds kForgottenAfter{10 * 60 * 1000};
  /// A pause of ours between two looks is no proof that another instance stood still.
  static constexpr Milliseconds kLongestStep{250};

  struct Pulse {
    std::int64_t number = 0;
    Milliseconds stood_still{0};
  };
  bool stood_still_for(Uuid address, Milliseconds time) const {
    const auto pulse = pulses_.find(address);
    return pulse != pulses_.end() && pulse->second.stood_still >= time;
  }

  std::map<Uuid, Pulse> pulses_;
  std::optional<SteadyPoint> looked_at_;
};

}  // namespace mm::matchmaker
