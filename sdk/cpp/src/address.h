// Parses the addresses of the gateway and of game servers. They are checked before cpprestsdk gets them, because
// cpprestsdk throws for some invalid addresses and crashes on others.
#pragma once

#include <string>

#include "matchmaker/result.h"

namespace matchmaker {

struct Address {
  bool tls = false;
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
  int port = 0;
  std::string path;  ///< includes the query; empty or "/…"

  bool is_ipv6() const { return host.find(':') != std::string::npos; }
  /// host:port; an IPv6 address is in brackets.
  std::string place() const { return (is_ipv6() ? "[" + host + "]" : host) + ":" + std::to_string(port); }
};

/// Accepts `http://host[:port][/path]` and https://, without a query. Removes slashes at the end of the path.
Result<Address> parse_gateway_address(const std::string& text);
/// Accepts `ws://host[:port][/path][?query]` and wss://.
Result<Address> parse_socket_address(const std::string& text);

}  // namespace matchmaker
