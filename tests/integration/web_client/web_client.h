// An HTTP and WebSocket client that can send any bytes, also invalid ones, and reads back answers and frames. All calls
// block; each read has a deadline.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/wire/json.h"

namespace mm::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;                              ///< 0: no answer
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const;
  /// The text of a value in the body, by path: "members/0/username". Empty if there is no such value.
  std::string at(std::string_view path) const;
};

/// The text of a value in a JSON document, by path; empty if there is no such value.
std::string value_at(std::string_view json, std::string_view path);

/// A port of this machine. With `ca_file` the connection uses TLS, and the server must have this certificate.
struct Target {
  Target(int the_port) : port(the_port) {}  // NOLINT(google-explicit-constructor): most targets are just a port
  Target(int the_port, std::string ca) : port(the_port), ca_file(std::move(ca)) {}
  int port;
  std::string ca_file{};
  bool newest_is_tls_1_1 = false;  ///< offers no newer version, as an old client
  int receive_buffer = 0;          ///< bytes of the socket's buffer (SO_RCVBUF); 0: the default
};

class Connection {
 public:
  explicit Connection(const Target& target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// False if the server has closed the connection.
  bool send(std::string_view bytes);
  /// Reads one HTTP answer; status 0 if it is not complete before the end of the connection or within 15 s.
  Answer read_answer(bool head_only = false);
  /// True if the server closes or resets the connection within the time. Bytes that it sends before are dropped.
  bool closes(int within_ms = 15'000);
  /// Reads exactly `bytes` bytes, or fewer at the end of the connection.
  std::string read_bytes(std::size_t bytes);
  /// The received bytes that were not read yet.
  std::string& pending() { return pending_; }
  /// True if the TLS handshake has succeeded and the certificate is `ca_file`.
  bool secured() const { return tls_ != nullptr; }

 private:
  struct Tls;
  void secure(const Target& target);
  bool read_more();

  int fd_ = -1;
  std::unique_ptr<Tls> tls_;
  std::string pending_;
};

struct Call {
  std::string method = "GET";
  std::string target;
  Fields headers;
  std::string body;
};

/// The text of a request. Adds Host and, for a body, Content-Type and Content-Length.
std::string text_of(const Call& call);
struct Frame {
  int opcode = -1;  ///< -1: the connection ended
  std::string payload;

  std::string at(std::string_view path) const { return value_at(payload, path); }
  /// The code of a close frame; 1005 if it has none.
  int close_code() const;
};

class WebSocket {
 public:
  /// Connects and reads the answer to the upgrade request.
  WebSocket(const Target& at, const std::string& target, Fields headers = {});

  const Answer& answer() const { return answer_; }
  bool open() const { return answer_.status == 101; }
  void send(std::string_view text) { send_frame(0x81, text); }
  /// `first`: the first byte of the frame, with FIN, RSV and opcode.
  bool send_frame(std::uint8_t first, std::string_view payload, bool masked = true);
  bool send_raw(std::string_view bytes) { return connection_.send(bytes); }
  /// The next frame that is not a ping. Pings are answered unless `answers_pings` is false.
  Frame read();
  /// The next text frame with this event; other text frames are dropped. Opcode -1 or a close frame if none comes.
  Frame read_event(std::string_view event);
  /// Reads up to the close frame. Its code; 0 if the connection ends without one.
  int read_close();
  Connection& connection() { return connection_; }

  bool answers_pings = true;

 private:
  Connection connection_;
  Answer answer_;
};

}  // namespace mm::testing
