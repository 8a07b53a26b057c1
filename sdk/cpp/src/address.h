// Addresses that people type: the gateway's and a game server's. Checked here, before cpprestsdk sees them: it throws
// for some that are wrong and crashes on others.
#pragma once

#include <string>

#include "matchmaker/result.h"

namespace matchmaker {

struct Address {
  bool tls = false;
  std::string host;  ///< a name, an IPv4 address, or an IPv6 address without its brackets
  int port = 0;
  std::string path;  ///< with the query; empty or "/…"

  bool is_ipv6() const { return host.find(':') != std::string::npos; }
  /// host:port, an IPv6 address in brackets.
  std::string place() const { return (is_ipv6() ? "[" + host + "]" : host) + ":" + std::to_string(port); }
};

/// `http://host[:port][/path]` or https; without a query. A slash at the end does not count.
Result<Address> parse_gateway_address(const std::string& text);
/// `ws://host[:port][/path][?query]` or wss.
Result<Address> parse_socket_address(const std::string& text);

}  // namespace matchmaker
