#include "tests/integration/orchestrator/fake_gateway.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "common/base/result.h"

namespace mm::orchestrator {
namespace {

std::string header(const std::string& head, const std::string& name) {
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
  const auto at = lower.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// Removes a complete request from the front of `received`.
std::optional<HttpRequest> next_request(std::string& received) {
  const auto end = received.find("\r\n\r\n");
  if (end == std::string::npos) return std::nullopt;
  const auto head = received.substr(0, end + 2);
  const auto length_text = header(head, "content-length");
  const auto length = length_text.empty() ? 0 : std::stoul(length_text);
  if (received.size() < end + 4 + length) return std::nullopt;
  HttpRequest request;
  const auto space = head.find(' ');
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  request.authorization = header(head, "authorization");
  request.body = received.substr(end + 4, length);
  received.erase(0, end + 4 + length);
  return request;
}

}  // namespace

FakeGateway::FakeGateway() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool listening = ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                         ::listen(listener_, 64) == 0 &&
                         ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  check(listening, "the fake gateway does not listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

FakeGateway::~FakeGateway() {
  ending_ = true;
  thread_.join();
  ::close(listener_);
}

void FakeGateway::answer_with(std::function<HttpAnswer(const HttpRequest&)> answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

std::vector<HttpRequest> FakeGateway::requests(const std::string& target_end) const {
  const std::lock_guard lock(mutex_);
  std::vector<HttpRequest> found;
  for (const auto& request : requests_) {
    if (request.target.ends_with(target_end)) found.push_back(request);
  }
  return found;
}

void FakeGateway::run() {
  std::map<int, std::string> connections;
  while (!ending_) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const auto& [connection, received] : connections) watched.push_back({connection, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), 20) <= 0) continue;
    if ((watched[0].revents & POLLIN) != 0) {
      const int fresh = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fresh >= 0) connections.emplace(fresh, std::string());
    }
    for (std::size_t i = 1; i < watched.size(); ++i) {
      if (watched[i].revents == 0 || serve(watched[i].fd, connections[watched[i].fd])) continue;
      ::close(watched[i].fd);
      connections.erase(watched[i].fd);
    }
  }
  for (const auto& [connection, received] : connections) ::close(connection);
}

bool FakeGateway::serve(int connection, std::string& received) {
  char block[16 * 1024];
  const auto got = ::recv(connection, block, sizeof block, 0);
  if (got <= 0) return false;
  received.append(block, static_cast<std::size_t>(got));
  while (const auto request = next_request(received)) {
    std::function<HttpAnswer(const HttpRequest&)> decide;
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(*request);
      decide = answer_;
    }
    const auto answer = decide ? decide(*request) : HttpAnswer{};
    if (answer.hang_up) return false;
    const auto text = "HTTP/1.1 " + std::to_string(answer.status) +
                      " X\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n" + answer.headers + "\r\n" +
                      answer.body;
    if (::send(connection, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) return false;
  }
  return true;
}

}  // namespace mm::orchestrator
