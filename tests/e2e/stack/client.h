// Blocking HTTP and WebSocket clients for the end-to-end tests: written from the contract, not from the gateway.
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

  /// A member of the body by its path ("members.0.player_id") as text; "" when absent.
  std::string at(const std::string& path) const;
  double number(const std::string& path) const;
  /// Elements of an array, members of an object; 0 when absent.
  std::size_t size(const std::string& path) const;
};

/// Member of a JSON text by path, as above; objects and arrays as JSON.
std::string member(const std::string& json, const std::string& path);
std::size_t size_of(const std::string& json, const std::string& path);

/// An answer of the stack's gateway that its OpenAPI document does not describe fails the test.
Answer http(const std::string& method, const std::string& url, const std::string& body = "", const Headers& headers = {});

/// A player with a login of their own.
class Player {
 public:
  /// Registers and logs in; the test fails if that does.
  static Player fresh(const std::string& region = "");
  /// The same where parts of the stack may still be coming back, or wait before they try a store again.
  static Player fresh_after_outage(const std::string& region = "");

  const std::string& id() const { return id_; }
  const std::string& name() const { return name_; }
  const std::string& password() const { return password_; }
  const std::string& token() const { return token_; }
  const std::string& refresh_token() const { return refresh_token_; }

  Answer get(const std::string& path) const { return ask("GET", path); }
  Answer post(const std::string& path, const std::string& body = "{}", const Headers& more = {}) const { return ask("POST", path, body, more); }
  Answer remove(const std::string& path) const { return ask("DELETE", path); }
  Answer patch(const std::string& path, const std::string& body) const { return ask("PATCH", path, body); }
  Answer ask(const std::string& method, const std::string& path, const std::string& body = "", const Headers& more = {}) const;

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

  bool open() const;      ///< the upgrade succeeded
  void send(const std::string& text);
  /// The first frame from now on with this event (frames before it are dropped); "" when none comes in time.
  std::string wait_for(const std::string& event, Milliseconds within = Milliseconds{15'000});
  /// The close code, once closed; 0 when it does not close in time.
  int wait_closed(Milliseconds within = Milliseconds{15'000});

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the library's callbacks while they run
};

std::string gateway(const std::string& path);
std::string websocket(const std::string& path);

}  // namespace mm::e2e
