// Opens the WebSocket connections of the default transport.
#pragma once

#include <memory>
#include <string>

#include "matchmaker/transport.h"
#include "src/address.h"

namespace matchmaker {

/// `address`: the address, or the reason why it is invalid; this reason is passed to the handler `closed`.
/// `access_token`: sent to the gateway; empty for a game server.
std::unique_ptr<Socket> open_socket(const Result<Address>& address, const std::string& access_token,
                                    Socket::Handlers handlers);

}  // namespace matchmaker
