// Blocking HTTP and WebSocket clients for the end-to-end tests. They use another library than the gateway.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/wire/json.h"

namespace mm::e2e {

using Headers = std::map<std::string, std::string>;  ///< names in lower case

struct Answer {
  int status = 0;
  Headers headers;
  std::string body;

  /// The text of a value in the body, by path ("members.0.player_id"); "" if there is no such value.
  std::string at(const std::string& path) const;
  double number(const std::string& path) const;
  /// The number of elements of an array or members of an object; 0 if there is no such value.
  std::size_t size(const std::string& path) const;
};

/// The text of a value in a JSON text, by path as above; an object or array as JSON.
std::string member(const std::string& json, const std::string& path);
std::size_t size_of(const std::string& json, const std::string& path);

/// Sends a request. Fails the test if the answer is of the stack's gateway and its OpenAPI document does not describe
/// it.
Answer http(const std::string& method, const std::string& url, const std::string& body = "",
            const Headers& headers = {});

/// A registered player with a login.
class Player {
 public:
  /// Registers a new player and logs in. Fails the test if that fails.
  static Player fresh(const std::string& region = "");
  /// As fresh(), but repeats the requests, because parts of the stack may still be restarting or in back-off.
  static Player fresh_after_outage(const std::string& region = "");

  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }
  const std::string& password() const { return password_; }
  const std::string& token() const { return token_; }
  const std::string& refresh_token() const { return refresh_token_; }

  Answer get(const std::string& path) const { return send("GET", path); }
  Answer post(const std::string& path, const std::string& body = "{}", const Headers& more = {}) const {
    return send("POST", path, body, more);
  }
  Answer remove(const std::string& path) const { return send("DELETE", path); }
  Answer patch(const std::string& path, const std::string& body) const { return send("PATCH", path, body); }
  Answer send(const std::string& method, const std::string& path, const std::string& body = "",
              const Headers& more = {}) const;

 private:
  Answer sign_up(const std::string& region);
  Answer log_in();

  std::string id_, name_, password_, token_, refresh_token_;
};

/// A WebSocket that collects its frames.
class Socket {
 public:
  /// `token` goes into the Authorization header; empty: none, so that the first frame must be `hello`.
  Socket(const std::string& url, const std::string& token, const std::string& subprotocol = "mm.v1.json");
  ~Socket();
  Socket(Socket&&) noexcept;

  bool open() const;  ///< true if the upgrade has succeeded
  void send(const std::string& text);
  /// The first frame with this event that was not read yet; frames before it are dropped. "" if none comes in time.
  std::string wait_for(const std::string& event, Milliseconds within = Milliseconds{15'000});
  /// Waits until the socket is closed. The close code; 0 if it is not closed in time.
  int wait_closed(Milliseconds within = Milliseconds{15'000});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the library's callbacks while they run
};

std::string gateway(const std::string& path);
std::string websocket(const std::string& path);

}  // namespace mm::e2e
