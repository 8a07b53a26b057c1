#include "services/orchestrator/game_server_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <vector>

namespace mm::orchestrator {
namespace {

class SpawnSettings {
 public:
  explicit SpawnSettings(const std::string& log_path) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions_, 1, log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::posix_spawn_file_actions_adddup2(&actions_, 1, 2);
    // Not every library opens its sockets close-on-exec. A game server that inherited the connection to the bus would
    // keep the subscriptions of this process alive after its end.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);  // daemons block SIGTERM and SIGINT
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<std::string> environment_of(const ServerCommand& command) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!text.starts_with("MM_")) all.emplace_back(text);
  }
  for (const auto& [name, value] : command.settings) all.push_back(name + "=" + value);
  return all;
}

}  // namespace

Result<pid_t, std::string> start_server(const ServerCommand& command) {
  const SpawnSettings settings(command.log_path);
  auto variables = environment_of(command);
  std::vector<char*> environment;
  for (auto& variable : variables) environment.push_back(variable.data());
  environment.push_back(nullptr);
  auto program = command.program;
  char* arguments[] = {program.data(), nullptr};
  pid_t child = 0;
  const int error = ::posix_spawn(&child, command.program.c_str(), settings.actions(), settings.attributes(), arguments,
                                  environment.data());
  if (error != 0) return fail("cannot start " + command.program + ": " + std::strerror(error));
  return child;
}

std::optional<int> exit_status(pid_t child) {
  int status = 0;
  const auto result = ::waitpid(child, &status, WNOHANG);
  if (result == 0) return std::nullopt;
  if (result < 0) return errno == ECHILD ? std::optional(0) : std::nullopt;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace mm::orchestrator
