// HTTP/1.1 on one connection: reads requests one after the other with a deadline for every part, passes each to
// `serve`, and writes its answer.
#pragma once

#include "services/gateway/net/connections.h"
#include "services/gateway/net/net.h"
#include "services/gateway/process/gateway.h"

namespace boost::asio::ssl {
class context;
}

namespace mm::gateway {

class Sockets;

/// Serves a new connection until one side closes it, or until it becomes a WebSocket of `sockets`. `tls`: null for
/// plain TCP. Must be called on the shard's loop.
void serve_connection(Shard& shard, Sockets& sockets, TcpSocket socket, ConnectionCap::Slot slot,
                      boost::asio::ssl::context* tls);

}  // namespace mm::gateway
