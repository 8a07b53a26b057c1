// A non-blocking connection to the socket of one game server: JSON lines both ways. Not thread-safe.
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

  /// Null: no process listens on the socket (yet), or the process belongs to another user.
  static std::unique_ptr<ServerLink> connect(const std::string& path);
  ~ServerLink();
  ServerLink(const ServerLink&) = delete;
  ServerLink& operator=(const ServerLink&) = delete;

  int descriptor() const { return socket_; }
  pid_t peer() const { return peer_; }

  /// Sends what the socket accepts now and keeps the rest. False: the connection has failed, or too much is unsent.
  bool send(const std::string& line);
  bool flush();
  bool has_unsent() const { return !unsent_.empty(); }

  /// Appends the received lines. False: the connection has failed.
  bool receive(std::vector<game::ServerLine>& out);

 private:
  ServerLink(int socket, pid_t peer) : socket_(socket), peer_(peer) {}

  const int socket_;
  const pid_t peer_;
  std::string received_;
  std::string unsent_;
};

}  // namespace mm::orchestrator
