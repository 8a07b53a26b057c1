// A connection to one game server's socket: JSON lines both ways, never blocking. One thread at a time.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "common/contracts/game_server.h"

namespace mm::orchestrator {

class ServerLink {
 public:
  static constexpr std::size_t kMaxUnsentBytes = 8 * 1024 * 1024;

  /// None: nobody listens there (yet), or it is not a process of our user.
  static std::unique_ptr<ServerLink> connect(const std::string& path);
  ~ServerLink();
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  int descriptor() const { return socket_; }
  pid_t peer() const { return peer_; }

  /// Sends what the socket takes now and keeps the rest. False: the link is dead.
  bool send(const std::string& line);
  bool flush();
  bool has_unsent() const { return !unsent_.empty(); }

  /// Appends the lines that have come. False: the link is dead.
  bool receive(std::vector<game::ServerLine>& out);

 private:
  ServerLink(int socket, pid_t peer) : socket_(socket), peer_(peer) {}

  const int socket_;
  const pid_t peer_;
  std::string received_;
  std::string unsent_;
};

}  // namespace mm::orchestrator
