#include "services/orchestrator/server_link.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "common/runtime/log.h"
#include "common/wire/codec.h"

namespace mm::orchestrator {
namespace {

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

std::unique_ptr<ServerLink> ServerLink::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return nullptr;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return nullptr;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool connected = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                         ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
  if (!connected) {
    ::close(socket);
    return nullptr;
  }
  return std::unique_ptr<ServerLink>(new ServerLink(socket, peer.pid));
}

ServerLink::~ServerLink() { ::close(socket_); }

bool ServerLink::send(const std::string& line) {
  if (unsent_.size() + line.size() > kMaxUnsentBytes) return false;
  unsent_ += line;
  unsent_ += '\n';
  return flush();
}

bool ServerLink::flush() {
  while (!unsent_.empty()) {
    const auto sent = ::send(socket_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) return would_block();
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

bool ServerLink::receive(std::vector<game::ServerLine>& out) {
  char block[16 * 1024];
  for (;;) {
    const auto got = ::recv(socket_, block, sizeof block, MSG_DONTWAIT);
    if (got == 0) return false;
    if (got < 0) return would_block();
    received_.append(block, static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (auto end = received_.find('\n'); end != std::string::npos; end = received_.find('\n', begin)) {
      auto line = wire::decode<game::ServerLine>(std::string_view(received_).substr(begin, end - begin),
                                                 wire::Unknown::ignored);
      if (line) out.push_back(*std::move(line));
      else log::warning("line_refused", {{"reason", line.error().detail}});
      begin = end + 1;
    }
    received_.erase(0, begin);
    if (received_.size() > game::kMaxLineBytes) return false;
  }
}

}  // namespace mm::orchestrator
