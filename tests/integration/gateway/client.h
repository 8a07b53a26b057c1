// A client that does exactly as told, right or wrong: raw bytes over a socket, HTTP answers and WebSocket frames read
// back. Blocking, with a deadline on every read.
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

namespace mm::gateway::testing {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;  ///< 0: there was none
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const;
  /// The text of a value in the body, by path: "members/0/username". Empty when it is not there.
  std::string at(std::string_view path) const;
};

/// The text of a value in a JSON document.
std::string value_at(std::string_view json, std::string_view path);

/// A port of this machine; over TLS when a certificate is named that the other side must prove to have.
struct Target {
  Target(int the_port) : port(the_port) {}  // NOLINT(google-explicit-constructor): most targets are just a port
  Target(int the_port, std::string ca) : port(the_port), ca_file(std::move(ca)) {}
  int port;
  std::string ca_file{};
  bool newest_is_tls_1_1 = false;  ///< what old clients speak
};

class Connection {
 public:
  explicit Connection(const Target& target);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// False when the other side has closed.
  bool send(std::string_view bytes);
  /// One HTTP answer; status 0 when the connection ends or the time is up before it is whole.
  Answer read_answer(bool head_only = false);
  /// The other side closed (or resets) within the time; what it still sent is dropped.
  bool closes(int within_ms = 15'000);
  /// At least `bytes` bytes, or fewer at the end of the connection.
  std::string read_bytes(std::size_t bytes);
  /// What has come and was not read yet.
  std::string& pending() { return pending_; }
  /// TLS was agreed on, and the certificate is the one named.
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

/// A well-formed request as text; adds Host, and Content-Type and Content-Length for a body.
std::string text_of(const Call& call);
/// One request on a connection of its own. An answer that the published document does not describe fails the test.
Answer call(const Target& target, const Call& call);
/// Raw bytes on a connection of their own, and the first answer to them.
Answer call_raw(int port, std::string_view bytes);

struct Frame {
  int opcode = -1;  ///< -1: the connection ended
  std::string payload;

  std::string at(std::string_view path) const { return value_at(payload, path); }
  /// Of a close frame; 1005 when it has none.
  int close_code() const;
};

class WebSocket {
 public:
  /// Connects; `answer()` says what became of the handshake.
  WebSocket(const Target& at, const std::string& target, Fields headers = {});

  const Answer& answer() const { return answer_; }
  bool open() const { return answer_.status == 101; }
  void send(std::string_view text) { send_frame(0x81, text); }
  /// `first`: FIN, RSV and opcode as they stand in the first byte.
  bool send_frame(std::uint8_t first, std::string_view payload, bool masked = true);
  bool send_raw(std::string_view bytes) { return connection_.send(bytes); }
  /// The next frame, pings answered on the way.
  Frame read();
  /// The next text frame with that event, others dropped; opcode -1 or a close frame when it does not come.
  Frame read_event(std::string_view event);
  /// Reads to the end: the code of the close frame, 0 when the connection ends without one.
  int read_close();
  Connection& connection() { return connection_; }

  bool answers_pings = true;

 private:
  Connection connection_;
  Answer answer_;
};

}  // namespace mm::gateway::testing
