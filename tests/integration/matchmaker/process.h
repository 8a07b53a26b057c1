// A matchmaker in a process of its own, for tests in which it is killed or frozen.
#pragma once

#include "common/testing/daemon.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {

class Process : public testing::DaemonProcess {
 public:
  Process(const World& world, const std::string& name, int tick_ms = 20)
      : DaemonProcess("matchmaker", settings(world, world.settings(tick_ms), name)) {}

 private:
  static std::vector<std::string> settings(const World& world, const Settings& settings, const std::string& name) {
    return {"MM_NATS_URL=" + world.nats.url(),
            "MM_REDIS_QUEUE_URL=" + settings.redis_queue_url,
            "MM_REDIS_CACHE_URL=" + settings.redis_cache_url,
            "MM_MODES_FILE=" + settings.modes_file,
            "MM_TENANTS=*",
            "MM_TICK_MS=" + std::to_string(settings.tick_ms),
            "MM_INSTANCE=" + name};
  }
};

}  // namespace mm::matchmaker
