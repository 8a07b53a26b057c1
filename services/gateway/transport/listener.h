// Accepts connections for one shard. All shards listen on the same port (SO_REUSEPORT) and the kernel distributes the
// connections, so a connection stays on the loop that accepted it.
#pragma once

#include <memory>
#include <string>

#include "common/base/result.h"
#include "common/runtime/port_holder.h"
#include "services/gateway/net/connections.h"
#include "services/gateway/process/gateway.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

/// Returns how many connections this process may hold, which follows from its limit of open files. Raises the soft
/// limit of open files to the hard limit.
std::size_t connections_allowed();

class Sockets;

class Listener {
 public:
  /// `tls`: null for plain HTTP. All arguments must outlive the listener.
  Listener(Shard& shard, Sockets& sockets, ConnectionCap& cap, boost::asio::ssl::context* tls);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// Binds and listens; returns the port. `port` 0 selects a free port. Must be called before the shard's loop runs.
  Result<int, runtime::ListenError> open(const std::string& address, int port);
  /// Starts to accept connections. On the loop.
  void start();
  /// Serves the connections that have arrived, and stops listening. On the loop.
  void close();
  /// Accepts again after an error. On the loop.
  void on_tick(SteadyPoint now);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // owners: this, and the pending accept operation
};

}  // namespace mm::gateway
