// The interface between the SDK and the network. The default transport uses HTTP and WebSocket through cpprestsdk. A
// game with its own network stack, or a test, passes another transport to Client.
//
// Threads: the SDK calls `send` and `open` on the thread of the Client. They must not block. A transport may call the
// completions and the socket handlers on any thread; the SDK forwards them to the thread of the Client.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "matchmaker/export.h"

namespace matchmaker {

struct HttpRequest {
  std::string method = {};
  std::string target = {};  ///< path and query, percent-encoded
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string body = {};  ///< JSON or empty
};

struct HttpAnswer {
  int status = 0;  ///< HTTP status; 0: no answer arrived, see `error`
  std::string body = {};
  std::string error = {};
  bool timed_out = false;
  bool refused = false;  ///< with status 0: not sent, because the address or the request is invalid
};

/// A WebSocket connection. The destructor closes the connection; no handler runs afterwards.
class MATCHMAKER_API Socket {
 public:
  struct Handlers {
    std::function<void()> opened = {};
    std::function<void(std::string text)> received = {};
    /// Called exactly once, also if the connection could not be opened.
    std::function<void(int code, std::string why)> closed = {};
  };
  virtual ~Socket() = default;
  virtual void send(std::string text) = 0;
};

class MATCHMAKER_API Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(HttpRequest request, std::function<void(HttpAnswer)> done) = 0;
  /// `target`: a path on the gateway, which begins with a slash and may have a query, or a complete ws:// or wss://
  /// address.
  virtual std::unique_ptr<Socket> open(const std::string& target, const std::string& access_token,
                                       Socket::Handlers handlers) = 0;
};

/// Makes the default transport. If `gateway_url` is invalid, every request and connection reports this error.
MATCHMAKER_API std::unique_ptr<Transport> make_transport(const std::string& gateway_url,
                                                         std::chrono::milliseconds request_timeout);

}  // namespace matchmaker
