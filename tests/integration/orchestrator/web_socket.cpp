#include "tests/integration/orchestrator/web_socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

namespace mm::orchestrator {
namespace {

constexpr int kReadTimeoutMs = 10'000;
constexpr std::uint8_t kText = 1;
constexpr std::uint8_t kClose = 8;
constexpr std::uint8_t kPing = 9;
constexpr std::uint8_t kPong = 10;

std::uint8_t byte(char c) { return static_cast<std::uint8_t>(c); }

}  // namespace

WebSocket::WebSocket(const std::string& endpoint, const std::string& target)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const auto colon = endpoint.find(':');
  // Small, so that the server soon notices a test that does not read.
  const int bytes = 4096;
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  ::inet_pton(AF_INET, endpoint.substr(0, colon).c_str(), &address.sin_addr);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(endpoint.substr(colon + 1).c_str())));
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
  const auto request = "GET " + target + " HTTP/1.1\r\nHost: " + endpoint +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  if (::send(socket_, request.data(), request.size(), MSG_NOSIGNAL) < 0) return;
  std::string head;
  while (head.find("\r\n\r\n") == std::string::npos) {
    const auto next = read(1);
    if (!next) return;
    head += *next;
  }
  status_ = std::atoi(head.substr(head.find(' ') + 1).c_str());
}

WebSocket::~WebSocket() { ::close(socket_); }

std::optional<std::string> WebSocket::read(std::size_t bytes) {
  while (received_.size() < bytes) {
    pollfd watched{socket_, POLLIN, 0};
    if (::poll(&watched, 1, kReadTimeoutMs) <= 0) return std::nullopt;
    char block[16 * 1024];
    const auto got = ::recv(socket_, block, sizeof block, 0);
    if (got <= 0) return std::nullopt;
    received_.append(block, static_cast<std::size_t>(got));
  }
  auto taken = received_.substr(0, bytes);
  received_.erase(0, bytes);
  return taken;
}

void WebSocket::write_frame(std::uint8_t opcode, std::string_view payload) {
  std::string frame;
  frame += static_cast<char>(0x80 | opcode);
  if (payload.size() < 126) {
    frame += static_cast<char>(0x80 | payload.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  frame.append(4, '\0');  // the mask
  frame += payload;
  // If the peer has closed, the next read fails.
  [[maybe_unused]] const auto sent = ::send(socket_, frame.data(), frame.size(), MSG_NOSIGNAL);
}

bool WebSocket::send(std::string_view text) {
  if (close_code_ != 0) return false;
  write_frame(kText, text);
  return true;
}

std::optional<std::string> WebSocket::receive() {
  for (;;) {
    const auto head = read(2);
    if (!head) return std::nullopt;
    const std::uint8_t opcode = byte((*head)[0]) & 0x0F;
    std::size_t length = byte((*head)[1]) & 0x7F;
    if (length == 126) {
      const auto more = read(2);
      if (!more) return std::nullopt;
      length = static_cast<std::size_t>(byte((*more)[0]) << 8 | byte((*more)[1]));
    }
    auto payload = read(length);
    if (!payload) return std::nullopt;
    if (opcode == kText) return payload;
    if (opcode == kPing) write_frame(kPong, *payload);
    if (opcode != kClose) continue;
    if (payload->size() >= 2) close_code_ = byte((*payload)[0]) << 8 | byte((*payload)[1]);
    write_frame(kClose, *payload);
    return std::nullopt;
  }
}

int WebSocket::wait_for_close() {
  while (receive()) {
  }
  return close_code_;
}

}  // namespace mm::orchestrator
