// A matchmaker in a process of its own, for ends that a destructor cannot play.
#pragma once

#include <signal.h>

#include <cstdlib>
#include <string>

#include "common/testing/child.h"
#include "tests/integration/matchmaker/world.h"

namespace mm::matchmaker {

class Process {
 public:
  Process(const World& world, const std::string& name, int tick_ms = 20) {
    const auto settings = world.settings(tick_ms);
    testing::ChildCommand command;
    const char* build = std::getenv("MM_TEST_BINARY_DIR");
    command.arguments = {"env",
                         "-u",
                         "MM_TEST_SOURCE_DIR",
                         "-u",
                         "MM_TEST_BINARY_DIR",
                         std::string(build != nullptr ? build : ".") + "/bin/matchmaker"};
    command.environment = {"MM_NATS_URL=" + world.nats.url(),
                           "MM_REDIS_QUEUE_URL=" + settings.redis_queue_url,
                           "MM_REDIS_CACHE_URL=" + settings.redis_cache_url,
                           "MM_CREDENTIALS_DIR=" + testing::credentials_of("matchmaker"),
                           "MM_MODES_FILE=" + settings.modes_file,
                           "MM_TENANTS=*",
                           "MM_TICK_MS=" + std::to_string(tick_ms),
                           "MM_INSTANCE=" + name};
    command.output = "/dev/null";
    pid_ = testing::start_child(command);
  }
  ~Process() {
    if (pid_ > 0) testing::kill_all(pid_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) { ::kill(pid_, number); }
  void kill() {
    testing::kill_all(pid_);
    pid_ = 0;
  }
  int terminate() {
    signal(SIGTERM);
    const int status = testing::wait_for_end(pid_);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_ = 0;
};

}  // namespace mm::matchmaker
