// An instance of a daemon that does not answer, for tests of the gateway.
#pragma once

#include <atomic>

#include "common/bus/bus.h"
#include "tests/integration/gateway/world.h"

namespace mm::gateway::testing {

/// An instance of a daemon that gets its share of the requests and does not answer.
class Frozen {
 public:
  Frozen(World& world, const Subject& subject)
      : subscription_(*world.bus, std::string(subject.text), "fakes",
                      [this](std::string_view, std::string_view) { ++requests_; }) {}
  int requests() const { return requests_; }

 private:
  std::atomic<int> requests_ = 0;
  bus::Subscription subscription_;
};

}  // namespace mm::gateway::testing
