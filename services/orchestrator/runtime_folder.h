// The folder with the sockets and pid files of the game servers, and a lock that one orchestrator at a time holds. Mode
// 0700: other users cannot reach a server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/result.h"

namespace mm::orchestrator {

class RuntimeFolder {
 public:
  /// Creates the folder if it does not exist.
  static Result<RuntimeFolder, std::string> open(const std::string& path);
  RuntimeFolder(RuntimeFolder&&) noexcept;
  RuntimeFolder& operator=(RuntimeFolder&&) = delete;
  ~RuntimeFolder();

  /// False: another process holds the lock. The kernel releases the lock when this process ends.
  bool lock();

  /// Servers with a socket in the folder, running or not.
  std::vector<ServerId> servers() const;
  /// A path to the server's socket that is short enough for a socket address, whatever the folder's path.
  std::string socket_path(ServerId server) const;
  std::string log_path() const { return path_ + "/game_servers.log"; }
  /// Moves the text of the servers' log to `game_servers.log.1` if the log is larger than `most` bytes. The servers
  /// keep the file open, so its text is copied; lines that are written meanwhile are lost. If there is no room for the
  /// copy, the text is lost.
  void limit_log(std::uintmax_t most) const;
  const std::string& path() const { return path_; }
  /// Removes the socket and the pid file of a server.
  void remove_files(ServerId server) const;

 private:
  RuntimeFolder(std::string path, int directory) : path_(std::move(path)), directory_(directory) {}

  std::string path_;
  int directory_ = -1;
  int lock_ = -1;
};

}  // namespace mm::orchestrator
