// HTTP to the gateway: POSTs over a few kept connections that all matches of this process share. One thread; every
// handler is called exactly once, later, never from within post(). Beast lives behind this header.
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
  static constexpr std::size_t kMaxConnections = 8;  // to one gateway
  static constexpr std::size_t kMaxWaiting = 4096;   // exchanges without a connection
  static constexpr std::size_t kMaxBodyBytes = 64 * 1024;
  static constexpr Seconds kExchangeTimeout{5};  // connecting, sending and the answer

  struct Request {
    std::string target;  ///< "/v1/…"
    std::string token;   ///< bearer
    std::string body;    ///< JSON
  };
  struct Answer {
    int status = 0;  ///< 0: there was none
    std::optional<int> retry_after_seconds;
    std::string body;
  };
  using Handler = std::function<void(const Answer&)>;

  explicit GatewayClient(asio::io_context& io);
  ~GatewayClient();
  GatewayClient(const GatewayClient&) = delete;
  GatewayClient& operator=(const GatewayClient&) = delete;

  /// Sent once, or twice when a kept connection turns out to be closed: only for what is idempotent.
  void post(const GatewayAddress& to, Request request, Handler handler);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the connections that are under way
};

}  // namespace mm::game
