// An HTTP client that sends POST requests to gateways over a few keep-alive connections, which all matches of this
// process share. Not thread-safe. Every handler is called exactly once, after post() has returned. This header hides
// Beast.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/clock.h"
#include "services/game_server/core/gateway_address.h"
#include "services/game_server/net.h"

namespace mm::game {

class GatewayClient {
 public:
  static constexpr std::size_t kMaxConnections = 8;  // per gateway
  static constexpr std::size_t kMaxWaiting = 4096;   // requests that wait for a connection
  static constexpr std::size_t kMaxBodyBytes = 64 * 1024;
  static constexpr Seconds kExchangeTimeout{5};  // waiting, connecting, sending and receiving

  struct Request {
    std::string target;  ///< "/v1/…"
    std::string token;   ///< bearer
    std::string body;    ///< JSON
  };
  struct Answer {
    int status = 0;  ///< 0: there was no answer
    std::optional<int> retry_after_seconds;
    std::string body;
  };
  using Handler = std::function<void(const Answer&)>;

  explicit GatewayClient(asio::io_context& io);
  ~GatewayClient();
  GatewayClient(const GatewayClient&) = delete;
  GatewayClient& operator=(const GatewayClient&) = delete;

  /// Sends the request once, or twice if a keep-alive connection turns out to be closed, so it must be idempotent.
  void post(const GatewayAddress& to, Request request, Handler handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and connections with pending operations
};

}  // namespace mm::game
