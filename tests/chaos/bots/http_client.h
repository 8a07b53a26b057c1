// An HTTP client that sends each request exactly once, so that one attempt is one line of the history. Connections are
// kept and reused. Not thread-safe. This header hides Beast.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "services/game_server/core/gateway_address.h"
#include "tests/chaos/bots/net.h"

namespace mm::chaos {

using game::GatewayAddress;

struct HttpRequest {
  std::string method = "GET";
  std::string target;  ///< "/v1/…"
  std::string token;   ///< bearer; empty: none
  std::string key;     ///< Idempotency-Key; empty: none
  std::string body;    ///< JSON; empty: none
};

struct HttpAnswer {
  int status = 0;  ///< 0: there was no answer
  std::optional<int> retry_after_seconds;
  std::string body;

  /// The `code` of a problem; empty if the body is none.
  std::string code() const;
};

class HttpClient {
 public:
  /// Connecting, sending and receiving. Longer than the deadlines of the gateway (5 s for passwords).
  static constexpr Milliseconds kTimeout{7'000};
  static constexpr std::size_t kMaxIdleConnections = 64;  // per gateway
  static constexpr std::size_t kMaxBodyBytes = 1024 * 1024;
  using Handler = std::function<void(const HttpAnswer&)>;

  explicit HttpClient(asio::io_context& io);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// The handler is called exactly once, after send() has returned. There are as many connections as requests at a
  /// time, so the caller limits their number.
  void send(const GatewayAddress& to, const HttpRequest& request, Handler handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and connections with pending operations
};

}  // namespace mm::chaos
