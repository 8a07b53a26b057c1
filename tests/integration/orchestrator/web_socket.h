// A minimal WebSocket client: the parts of RFC 6455 that the tests need, over a plain socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mm::orchestrator {

class WebSocket {
 public:
  /// `endpoint`: host:port. status() is the HTTP status of the upgrade.
  WebSocket(const std::string& endpoint, const std::string& target);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  int status() const { return status_; }
  bool send(std::string_view text);
  /// Receives the next text frame. None: closed (see close_code), or none arrived in time.
  std::optional<std::string> receive();
  /// Reads until the server closes, and returns its close code, 0 without one.
  int wait_for_close();
  int close_code() const { return close_code_; }

 private:
  std::optional<std::string> read(std::size_t bytes);
  void write_frame(std::uint8_t opcode, std::string_view payload);

  int socket_ = -1;
  int status_ = 0;
  int close_code_ = 0;
  std::string received_;
};

}  // namespace mm::orchestrator
