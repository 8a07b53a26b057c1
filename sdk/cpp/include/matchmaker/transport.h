// The seam between the SDK and the network. The default speaks HTTP and WebSocket through cpprestsdk; a game with a
// network stack of its own, or a test, gives a Client another.
//
// Threads: `send` and `open` are called on the Client's thread and must not block. Completions and socket events may
// come on any thread; the SDK moves them to the Client's.
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
  std::string body = {};    ///< JSON, or empty
};

struct HttpAnswer {
  int status = 0;  ///< 0: none came, see `error`
  std::string body = {};
  std::string error = {};
  bool timed_out = false;
  bool refused = false;  ///< with status 0: it was never sent, because the address or the request is not valid
};

/// One WebSocket connection. Destroying it closes it; no handler runs afterwards.
class MATCHMAKER_API Socket {
 public:
  struct Handlers {
    std::function<void()> opened = {};
    std::function<void(std::string text)> received = {};
    /// Exactly once, also when the connection could not be opened.
    std::function<void(int code, std::string why)> closed = {};
  };
  virtual ~Socket() = default;
  virtual void send(std::string text) = 0;
};

class MATCHMAKER_API Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(HttpRequest request, std::function<void(HttpAnswer)> done) = 0;
  /// `target`: path of the gateway, or a whole ws:// or wss:// address.
  virtual std::unique_ptr<Socket> open(const std::string& target, const std::string& access_token,
                                       Socket::Handlers handlers) = 0;
};

/// The default: cpprestsdk. An address that is not valid is told by each request and each connection.
MATCHMAKER_API std::unique_ptr<Transport> make_transport(const std::string& gateway_url,
                                                         std::chrono::milliseconds request_timeout);

}  // namespace matchmaker
