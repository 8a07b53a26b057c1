// The folder in which game servers are found again: their sockets and pid files, and a lock that only one orchestrator
// holds. Mode 0700: who cannot enter it cannot reach a server.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/id.h"
#include "common/base/result.h"

namespace mm::orchestrator {

class RuntimeFolder {
 public:
  /// Makes the folder if it is missing.
  static Result<RuntimeFolder, std::string> open(const std::string& path);
  RuntimeFolder(RuntimeFolder&&) noexcept;
  RuntimeFolder& operator=(RuntimeFolder&&) = delete;
  ~RuntimeFolder();

  /// False: another process holds it. The kernel gives it back when we end, however we end.
  bool lock();

  /// Servers that have a socket here, alive or not.
  std::vector<ServerId> servers() const;
  /// A path to the server's socket that is short enough for a socket address, whatever the folder's path.
  std::string socket_path(ServerId server) const;
  std::string log_path() const { return path_ + "/game_servers.log"; }
  const std::string& path() const { return path_; }
  /// Removes what a dead server left.
  void remove_files(ServerId server) const;

 private:
  RuntimeFolder(std::string path, int directory) : path_(std::move(path)), directory_(directory) {}

  std::string path_;
  int directory_ = -1;
  int lock_ = -1;
};

}  // namespace mm::orchestrator
