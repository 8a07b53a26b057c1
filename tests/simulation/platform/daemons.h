// The daemons of a simulation: the real Service of each, in a simulated process. A daemon that was killed is replaced
// by a new process. Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <utility>

#include "tests/simulation/platform/game_servers.h"
#include "tests/simulation/platform/plan.h"

namespace mm::simulation {

class Daemons {
 public:
  Daemons(Servers& servers, GameServers& games) : servers_(servers), games_(games) {}

  void start(DaemonKind kind, int instance);
  void kill(DaemonKind kind, int instance);
  /// Ends it as SIGTERM does: its Service is destroyed, then the process ends.
  void stop(DaemonKind kind, int instance);
  /// The process that runs now, or nullptr.
  Process* process(DaemonKind kind, int instance) const;
  /// Starts the daemons that do not run, resumes those that are paused, and repairs their networks.
  void heal();

 private:
  struct Daemon {
    Process* process = nullptr;
    std::function<void()> shut_down;  ///< destroys the Service; empty while it is constructed
    int starts = 0;
  };
  void run(DaemonKind kind, int instance, Daemon& daemon);

  Servers& servers_;
  GameServers& games_;
  std::map<std::pair<DaemonKind, int>, Daemon> daemons_;
};

}  // namespace mm::simulation
