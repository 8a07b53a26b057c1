// Starts a game server as a child process that outlives this process: it has a session of its own, none of this
// process's file descriptors, and its environment without variables that begin with MM_, except those in `settings`.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace mm::orchestrator {

struct ServerCommand {
  std::string program;
  std::map<std::string, std::string> settings;  ///< MM_… variables; no secrets
  std::string log_path;                         ///< standard output and error, appended
};

Result<pid_t, std::string> start_server(const ServerCommand& command);

/// Reaps a child that has ended and returns its exit status, 128 + signal if a signal ended it. None: it still runs.
std::optional<int> exit_status(pid_t child);

}  // namespace mm::orchestrator
