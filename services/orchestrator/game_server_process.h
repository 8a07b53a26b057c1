// Starts a game server as a child process that does not die with us: a session of its own, none of our file
// descriptors, and of our environment nothing that begins with MM_ but what it is given.
#pragma once

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>

#include "common/base/result.h"

namespace mm::orchestrator {

struct ServerCommand {
  std::string program;
  std::map<std::string, std::string> settings;  ///< its MM_… variables; no secrets
  std::string log_path;                         ///< standard output and error, appended
};

Result<pid_t, std::string> start_server(const ServerCommand& command);

/// The exit status (128 + signal when a signal ended it) of a child that has ended; reaps it. None: it runs.
std::optional<int> exit_status(pid_t child);

}  // namespace mm::orchestrator
