// Starts, signals and reaps child processes of a test. Children are started from a thread that never ends, because the
// kernel kills a child (PR_SET_PDEATHSIG) when the thread that started it ends.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mm::testing {

struct ChildCommand {
  std::vector<std::string> arguments;    ///< the program (found in PATH, or a path) and its arguments
  std::vector<std::string> environment;  ///< "NAME=value"; overrides the test's own environment, of which the
                                         ///< variables MM_… are not passed on
  std::string folder;                    ///< working folder; empty: the test's own
  std::string output;                    ///< file that gets standard output and error, appended
  std::optional<std::string> user;       ///< run as this user; only root may set it
};

/// Starts the command. Throws std::runtime_error if no process can be created. If the program cannot be started, the
/// child ends with status 127.
pid_t start_child(const ChildCommand& command);

/// True if the process has ended. Then it is reaped.
bool has_ended(pid_t pid);

/// Waits for the end of the process and returns its exit status (128 + signal if a signal ended it).
int wait_for_end(pid_t pid);

/// Runs the command and waits. Throws std::runtime_error with the end of the output if the status is not 0.
void run_to_end(const ChildCommand& command);

/// The process and all its descendants, the process first.
std::vector<pid_t> with_descendants(pid_t pid);

/// Sends SIGSTOP to the process and its descendants. None of them runs until it gets SIGCONT.
void stop_all(pid_t pid);

/// Stops the process and its descendants, then sends SIGKILL to all, and waits until all are gone. So none of them can
/// react to the end of another, as when a machine is lost.
void kill_all(pid_t pid);

/// The last 4,000 bytes of a file, for an error message about a process that did not start.
std::string tail(const std::string& path);

}  // namespace mm::testing
