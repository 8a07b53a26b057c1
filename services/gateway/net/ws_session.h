// A WebSocket on one connection: bytes and frames. What the frames mean is said in sockets/player_socket.h. For the
// translation units that include Beast only.
#pragma once

#include "services/gateway/net/stream.h"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include "services/gateway/exchange.h"
#include "services/gateway/net/connections.h"

namespace mm::gateway {

using UpgradeRequest = boost::beast::http::request<boost::beast::http::string_body>;

/// Takes over a connection whose request was admitted: answers the handshake, then lives until one side closes.
void serve_socket(Shard& shard, Stream stream, ConnectionCap::Slot slot, UpgradeRequest request, Admission admission);

}  // namespace mm::gateway
