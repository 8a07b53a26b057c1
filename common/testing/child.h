// A child process of a test: started from a thread that never ends (so that the kernel's "kill me when my parent
// dies" means the test's process, not one of its threads), signalled together with its own children, reaped.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace mm::testing {

struct ChildCommand {
  std::vector<std::string> arguments;    ///< the program (found in PATH, or a path) and its arguments
  std::vector<std::string> environment;  ///< "NAME=value", in place of what the test itself has of that name; of
                                         ///< MM_… it gets only these
  std::string folder;                    ///< working folder; empty: the test's own
  std::string output;                    ///< file that gets standard output and error, appended
  std::optional<std::string> user;       ///< run as this user; only root may say so
};

/// Starts it; throws std::runtime_error when there is no process to be had. A program that is not there ends with
/// status 127.
pid_t start_child(const ChildCommand& command);

/// Has it ended? Reaps it then.
bool has_ended(pid_t pid);

/// Waits for the end and returns the exit status (128 + signal when a signal ended it).
int wait_for_end(pid_t pid);

/// Starts, waits, and throws std::runtime_error with the output unless it ends with status 0.
void run_to_end(const ChildCommand& command);

/// The process and all that descend from it, the process first.
std::vector<pid_t> with_descendants(pid_t pid);

/// Stops them all; then nothing of them runs until they get SIGCONT.
void stop_all(pid_t pid);

/// SIGKILL to the process and its descendants at once, as a loss of the machine would, and waits until all are gone.
void kill_all(pid_t pid);

/// The last lines of a file, for a message that says why something did not start.
std::string tail(const std::string& path);

}  // namespace mm::testing
