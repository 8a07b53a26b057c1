// Accepts connections for one shard. Every shard listens on the same port (SO_REUSEPORT) and the kernel deals them out,
// so a connection is accepted on the loop it stays on.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/runtime/port_holder.h"
#include "services/gateway/gateway.h"
#include "services/gateway/net/connections.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

/// TLS 1.2 and newer with this certificate chain and key (PEM files). The error is a sentence without file contents.
Result<std::shared_ptr<boost::asio::ssl::context>, std::string> make_tls(const std::string& cert_file, const std::string& key_file);

/// How many connections this process may hold: what the file limit leaves. Raises the soft limit to the hard one.
std::size_t connections_allowed();

class Listener {
 public:
  /// `tls`: null for plain HTTP. Both outlive the listener.
  Listener(Shard& shard, ConnectionCap& cap, boost::asio::ssl::context* tls);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Binds and listens; returns the port (of `port` 0: a free one). Before the shard's loop runs.
  Result<int, runtime::ListenError> open(const std::string& address, int port);
  /// On the loop.
  void start();
  /// On the loop: no more connections.
  void close();
  void on_tick(SteadyPoint now);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the accept under way
};

}  // namespace mm::gateway
