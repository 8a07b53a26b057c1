// The instances of the daemons that have answered requests, and when each did so last. NATS gives a request to any
// instance, also to one that is frozen. So a request without an answer is sent again to the instance that answered
// last, which is the one least likely to be frozen. Pure.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.h"

namespace mm::gateway {

class AnsweringInstances {
 public:
  static constexpr Milliseconds kMemory{30'000};
  /// Instances per daemon. More exist only after many restarts within kMemory; then the oldest is forgotten.
  static constexpr std::size_t kMaxInstances = 16;

  /// `instance`: its address, from an answer.
  void answered(std::string_view daemon, std::string_view instance, SteadyPoint now) {
    auto found = daemons_.find(daemon);
    if (found == daemons_.end()) found = daemons_.emplace(daemon, Instances{}).first;
    auto& instances = found->second;
    const auto known = std::ranges::find(instances, instance, &Instance::address);
    if (known != instances.end()) {
      known->answered_at = now;
      return;
    }
    if (instances.size() >= kMaxInstances)
      instances.erase(std::ranges::min_element(instances, {}, &Instance::answered_at));
    instances.push_back({std::string(instance), now});
  }

  void forget(std::string_view daemon, std::string_view instance) {
    const auto found = daemons_.find(daemon);
    if (found != daemons_.end()) std::erase_if(found->second, [&](const auto& one) { return one.address == instance; });
  }

  /// The instance that answered last, of those that are not in `tried`. Empty: none is known.
  std::string latest(std::string_view daemon, const std::vector<std::string>& tried, SteadyPoint now) const {
    const auto found = daemons_.find(daemon);
    if (found == daemons_.end()) return {};
    const Instance* latest = nullptr;
    for (const auto& one : found->second) {
      const bool was_tried = std::ranges::find(tried, one.address) != tried.end();
      if (was_tried || now - one.answered_at > kMemory) continue;
      if (latest == nullptr || one.answered_at > latest->answered_at) latest = &one;
    }
    return latest != nullptr ? latest->address : std::string();
  }

 private:
  struct Instance {
    std::string address;
    SteadyPoint answered_at;
  };
  using Instances = std::vector<Instance>;

  std::map<std::string, Instances, std::less<>> daemons_;
};

}  // namespace mm::gateway
