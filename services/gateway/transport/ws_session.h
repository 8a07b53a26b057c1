// A WebSocket on one connection: reads, queues and writes frames. sockets/player_socket.h handles their contents. Only
// for the translation units that include Beast.
#pragma once

#include "services/gateway/transport/stream.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "services/gateway/exchange/exchange.h"
#include "services/gateway/net/connections.h"

namespace mm::gateway {

class Sockets;

using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// Takes over a connection whose upgrade request was admitted, answers the handshake, and serves the WebSocket until
/// one side closes it. Must be called on the loop of `sockets`.
void serve_socket(Sockets& sockets, Stream stream, ConnectionCap::Slot slot, UpgradeRequest request,
                  SocketAdmission admission);

}  // namespace mm::gateway
