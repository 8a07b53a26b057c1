#include "tests/integration/web_client/web_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>

namespace mm::testing {
namespace {

constexpr int kReadTimeoutMs = 15'000;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string Answer::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string{} : found->second;
}

std::string Answer::at(std::string_view path) const { return value_at(body, path); }

std::string value_at(std::string_view text, std::string_view path) {
  const auto document = json::Document::parse(text, {limits::kMaxJsonDepth, 1'000'000});
  if (!document) return {};
  std::optional<json::Value> value = document->root();
  while (!path.empty() && value) {
    const auto end = std::min(path.find('/'), path.size());
    const auto name = path.substr(0, end);
    if (value->is(json::Kind::array)) {
      std::size_t wanted = 0;
      std::from_chars(name.data(), name.data() + name.size(), wanted);
      std::size_t at = 0;
      std::optional<json::Value> element;
      value->each_element([&](const json::Value& one) {
        if (at++ == wanted) element = one;
      });
      value = element;
    } else {
      value = value->is(json::Kind::object) ? value->find(name) : std::nullopt;
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  if (!value) return {};
  return value->is(json::Kind::string) ? std::string(value->string()) : value->text();
}

struct Connection::Tls {
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context{SSL_CTX_new(TLS_client_method()), SSL_CTX_free};
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl{nullptr, SSL_free};
};

Connection::Connection(const Target& target) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(target.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  const timeval timeout{kReadTimeoutMs / 1000, 0};
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (target.receive_buffer > 0) {
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &target.receive_buffer, sizeof target.receive_buffer);
  }
  ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  if (!target.ca_file.empty()) secure(target);
}

Connection::~Connection() {
  tls_.reset();
  ::close(fd_);
}

void Connection::secure(const Target& target) {
  auto tls = std::make_unique<Tls>();
  auto* context = tls->context.get();
  SSL_CTX_load_verify_locations(context, target.ca_file.c_str(), nullptr);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (target.newest_is_tls_1_1) {
    SSL_CTX_set_security_level(context, 0);  // otherwise OpenSSL does not offer this version
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  }
  tls->ssl.reset(SSL_new(context));
  SSL_set_fd(tls->ssl.get(), fd_);
  SSL_set1_host(tls->ssl.get(), "localhost");
  if (SSL_connect(tls->ssl.get()) == 1) tls_ = std::move(tls);
}

bool Connection::send(std::string_view bytes) {
  if (tls_) return SSL_write(tls_->ssl.get(), bytes.data(), static_cast<int>(bytes.size())) > 0;
  while (!bytes.empty()) {
    pollfd waiting{fd_, POLLOUT, 0};
    if (::poll(&waiting, 1, kReadTimeoutMs) <= 0) return false;
    const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Connection::read_more() {
  char bytes[16 * 1024];
  const auto got = tls_ ? SSL_read(tls_->ssl.get(), bytes, sizeof bytes) : ::recv(fd_, bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  pending_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::string Connection::read_bytes(std::size_t bytes) {
  while (pending_.size() < bytes && read_more()) {
  }
  auto out = pending_.substr(0, bytes);
  pending_.erase(0, out.size());
  return out;
}

bool Connection::closes(int within_ms) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(within_ms);
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) return false;
    pollfd waiting{fd_, POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(left)) <= 0) continue;
    char bytes[16 * 1024];
    if (::recv(fd_, bytes, sizeof bytes, 0) <= 0) return true;
  }
}

Answer Connection::read_answer(bool head_only) {
  Answer answer;
  std::size_t end = 0;
  for (;;) {
    end = pending_.find("\r\n\r\n");
    if (end != std::string::npos) {
      if (!pending_.starts_with("HTTP/1.1 100 ")) break;
      pending_.erase(0, end + 4);
      continue;
    }
    if (!read_more()) return answer;
  }
  const auto head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const auto line_end = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    answer.headers[lower(head.substr(at, colon - at))] = head.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  std::size_t length = 0;
  const auto text = answer.header("content-length");
  std::from_chars(text.data(), text.data() + text.size(), length);
  if (!head_only) answer.body = read_bytes(length);
  if (!head_only && answer.body.size() < length) return {};
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  return answer;
}

std::string text_of(const Call& call) {
  std::string out = call.method + " " + call.target + " HTTP/1.1\r\n";
  const auto has = [&](std::string_view name) {
    return std::any_of(call.headers.begin(), call.headers.end(),
                       [&](const auto& field) { return lower(field.first) == name; });
  };
  if (!has("host")) out += "Host: localhost\r\n";
  if (!call.body.empty() && !has("content-type")) out += "Content-Type: application/json\r\n";
  if (!call.body.empty()) out += "Content-Length: " + std::to_string(call.body.size()) + "\r\n";
  for (const auto& [name, value] : call.headers) out += name + ": " + value + "\r\n";
  return out + "\r\n" + call.body;
}

int Frame::close_code() const {
  if (payload.size() < 2) return 1005;
  return static_cast<unsigned char>(payload[0]) * 256 + static_cast<unsigned char>(payload[1]);
}

WebSocket::WebSocket(const Target& at, const std::string& target, Fields headers) : connection_(at) {
  headers.insert(headers.begin(), {{"Connection", "Upgrade"},
                                   {"Upgrade", "websocket"},
                                   {"Sec-WebSocket-Version", "13"},
                                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}});
  connection_.send(text_of({"GET", target, std::move(headers), ""}));
  answer_ = connection_.read_answer();
}

bool WebSocket::send_frame(std::uint8_t first, std::string_view payload, bool masked) {
  std::string out(1, static_cast<char>(first));
  const auto mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 255);
  } else {
    out += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((payload.size() >> shift) & 255);
  }
  constexpr std::string_view kMask = "\x11\x22\x33\x44";
  if (masked) out += kMask;
  for (std::size_t i = 0; i < payload.size(); ++i)
    out += masked ? static_cast<char>(payload[i] ^ kMask[i % 4]) : payload[i];
  return connection_.send(out);
}

Frame WebSocket::read() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kReadTimeoutMs);
  for (;;) {
    Frame frame;
    if (std::chrono::steady_clock::now() > end) return frame;  // only pings were received
    const auto head = connection_.read_bytes(2);
    if (head.size() < 2) return frame;
    std::uint64_t length = static_cast<unsigned char>(head[1]) & 0x7F;
    if (length >= 126) {
      const auto more = connection_.read_bytes(length == 126 ? 2 : 8);
      length = 0;
      for (char c : more) length = length << 8 | static_cast<unsigned char>(c);
    }
    frame.payload = connection_.read_bytes(length);
    frame.opcode = head[0] & 0x0F;
    if (frame.opcode == 9) {
      if (answers_pings) send_frame(0x8A, frame.payload);
      continue;
    }
    if (frame.opcode == 8) send_frame(0x88, frame.payload);
    return frame;
  }
}

Frame WebSocket::read_event(std::string_view event) {
  for (;;) {
    auto frame = read();
    if (frame.opcode != 1 || frame.at("event") == event) return frame;
  }
}

int WebSocket::read_close() {
  for (;;) {
    const auto frame = read();
    if (frame.opcode == 8) return frame.close_code();
    if (frame.opcode < 0) return 0;
  }
}

}  // namespace mm::testing
