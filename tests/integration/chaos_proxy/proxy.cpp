#include "tests/integration/chaos_proxy/proxy.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>

#include "common/testing/child.h"
#include "common/testing/daemon.h"
#include "common/testing/wait.h"
#include "common/wire/json.h"

namespace mm::chaos {
namespace {

constexpr timeval kTimeout{10, 0};

void limit(int socket) {
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kTimeout, sizeof kTimeout);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &kTimeout, sizeof kTimeout);
}

}  // namespace

Proxy::Proxy(const std::string& store, int store_port) {
  const auto plan = folder_.path() + "/plan", ports = folder_.path() + "/ports", log = folder_.path() + "/log";
  std::ofstream(plan) << "lobby-1 " << store << ' ' << store_port << '\n';
  testing::ChildCommand command;
  command.arguments = {testing::built_program("mm-chaos-proxy"), plan, ports, folder_.path() + "/control", "7"};
  command.output = log;
  pid_ = testing::start_child(command);
  bool ended = false;
  testing::eventually([&] { return access(ports.c_str(), R_OK) == 0 || (ended = testing::has_ended(pid_)); });
  std::ifstream file(ports);
  std::string process, name;
  if (ended || !(file >> process >> name >> port_)) {
    throw std::runtime_error("mm-chaos-proxy did not start: " + testing::tail(log));
  }
}

Proxy::~Proxy() { testing::kill_all(pid_); }

std::string Proxy::control(const std::string& line) const {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  limit(fd);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto path = folder_.path() + "/control";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto text = line + "\n";
  std::string answer;
  char byte = 0;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size())) {
    while (recv(fd, &byte, 1, 0) == 1 && byte != '\n') answer += byte;
  }
  close(fd);
  if (byte != '\n') throw std::runtime_error("mm-chaos-proxy does not answer");
  return answer;
}

std::int64_t Proxy::count(const std::string& name) const {
  const auto document = json::Document::parse(control("{}"));
  std::int64_t count = -1;
  document->root().find("links")->each_element(
      [&](const json::Value& link) { count = link.find(name)->integer().value_or(-1); });
  return count;
}

PlainClient::PlainClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  limit(socket_);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("no connection: " + std::string(std::strerror(errno)));
  }
}

PlainClient::~PlainClient() { close(socket_); }

bool PlainClient::send(const std::string& bytes) const {
  return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

std::string PlainClient::read(std::size_t bytes) {
  std::string text;
  std::array<char, 4096> buffer;
  while (text.size() < bytes) {
    const auto count = recv(socket_, buffer.data(), std::min(buffer.size(), bytes - text.size()), 0);
    reset_ = count < 0 && errno == ECONNRESET;
    if (count <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

}  // namespace mm::chaos
