#include "tests/integration/bus/raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>
#include <vector>

#include "common/base/result.h"
#include "common/testing/servers.h"

namespace mm::bus {

RawClient::RawClient(int port, const std::string& user) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "raw client: no NATS");
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  send(R"(CONNECT {"verbose":false,"headers":true,"no_responders":true,"user":")" + user + R"(","pass":")" +
       testing::OwnNats::password(user) + "\"}\r\nPING\r\n");
  const auto deadline = Deadline::after(Milliseconds{5'000});
  while (true) {
    const auto text = line(deadline);
    check(text.has_value(), "raw client: NATS does not answer");
    if (*text == "PONG") return;
  }
}

RawClient::~RawClient() { ::close(socket_); }

void RawClient::publish(std::string_view subject, std::string_view reply, std::string_view headers,
                        std::string_view body) {
  std::ostringstream out;
  out << (headers.empty() ? "PUB " : "HPUB ") << subject << ' ';
  if (!reply.empty()) out << reply << ' ';
  if (!headers.empty()) out << headers.size() << ' ';
  out << headers.size() + body.size() << "\r\n" << headers << body << "\r\n";
  send(out.str());
}

void RawClient::subscribe(std::string_view subject) {
  send("SUB " + std::string(subject) + " " + std::to_string(++last_subscription_) + "\r\n");
}

std::vector<std::string> RawClient::publish_refusals(const std::vector<std::string>& subjects) {
  for (const auto& subject : subjects) publish(subject, "", "", "");
  return refusals();
}

std::vector<std::string> RawClient::subscribe_refusals(const std::vector<std::string>& subjects) {
  for (const auto& subject : subjects) {
    subscribe(subject);
    send("UNSUB " + std::to_string(last_subscription_) + "\r\n");
  }
  return refusals();
}

std::vector<std::string> RawClient::refusals() {
  std::vector<std::string> all;
  send("PING\r\n");
  const auto deadline = Deadline::after(Milliseconds{20'000});
  while (true) {
    const auto text = line(deadline);
    check(text.has_value(), "raw client: NATS does not answer");
    if (*text == "PONG") return all;
    if (text->starts_with("-ERR")) all.push_back(*text);
  }
}

// Messages that arrive meanwhile are dropped, so this is called before a message is published.
bool RawClient::synchronise() { return refusals().empty(); }

std::optional<RawClient::Message> RawClient::request(std::string_view subject, std::string_view headers,
                                                     std::string_view body) {
  const auto inbox = "_INBOX.raw." + std::to_string(::getpid()) + "." + std::to_string(++last_inbox_);
  subscribe(inbox);
  publish(subject, inbox, headers, body);
  return next();
}

std::optional<RawClient::Message> RawClient::next(Milliseconds within) {
  const auto deadline = Deadline::after(within);
  while (auto text = line(deadline)) {
    if (*text == "PING") send("PONG\r\n");
    const bool with_headers = text->starts_with("HMSG ");
    if (!with_headers && !text->starts_with("MSG ")) continue;
    std::istringstream in(*text);
    std::vector<std::string> words;
    for (std::string word; in >> word;) words.push_back(word);
    const auto total = std::stoul(words.back());
    const auto head = with_headers ? std::stoul(words[words.size() - 2]) : 0;
    const auto content = bytes(total + 2, deadline);
    if (!content) return std::nullopt;
    // MSG subject subscription [reply] size, and for HMSG the size of the headers before the whole size.
    const bool with_reply = words.size() > (with_headers ? 5 : 4);
    return Message{words[1], with_reply ? words[3] : "", content->substr(0, head), content->substr(head, total - head)};
  }
  return std::nullopt;
}

void RawClient::send(std::string_view text) {
  while (!text.empty()) {
    const auto sent = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
    check(sent > 0, "raw client: cannot send");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool RawClient::fill(Deadline deadline) {
  pollfd ready{socket_, POLLIN, 0};
  if (::poll(&ready, 1, static_cast<int>(deadline.remaining().count())) != 1) return false;
  char chunk[4096];
  const auto got = ::recv(socket_, chunk, sizeof chunk, 0);
  if (got <= 0) return false;
  buffer_.append(chunk, static_cast<std::size_t>(got));
  return true;
}

std::optional<std::string> RawClient::line(Deadline deadline) {
  while (true) {
    if (const auto end = buffer_.find("\r\n"); end != std::string::npos) {
      auto text = buffer_.substr(0, end);
      buffer_.erase(0, end + 2);
      return text;
    }
    if (!fill(deadline)) return std::nullopt;
  }
}

std::optional<std::string> RawClient::bytes(std::size_t count, Deadline deadline) {
  while (buffer_.size() < count) {
    if (!fill(deadline)) return std::nullopt;
  }
  auto content = buffer_.substr(0, count);
  buffer_.erase(0, count);
  return content;
}

std::string header_block(const std::map<std::string, std::string>& headers) {
  std::string block = "NATS/1.0\r\n";
  for (const auto& [name, value] : headers) block += name + ": " + value + "\r\n";
  return block + "\r\n";
}

}  // namespace mm::bus
