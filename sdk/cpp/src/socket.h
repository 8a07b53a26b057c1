// WebSockets of the default transport.
#pragma once

#include <memory>
#include <string>

#include "matchmaker/transport.h"
#include "src/address.h"

namespace matchmaker {

/// `address`: where to, or why there is no such place, which is told as `closed`. `access_token`: for the gateway; empty
/// for a game server.
std::unique_ptr<Socket> open_socket(const Result<Address>& address, const std::string& access_token,
                                    Socket::Handlers handlers);

}  // namespace matchmaker
