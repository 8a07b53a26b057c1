// Host and Origin checks against DNS rebinding. An attacker can point a DNS name at the gateway and make a browser send
// that name as Host and Origin. The gateway therefore serves only hosts in the operator's list, loopback names, its
// listen address, and the local address of the connection. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "services/gateway/core/http.h"

namespace mm::gateway {

/// A parsed host and port in normal form: names in lower case without a trailing dot, addresses in their shortest form
/// without brackets. Accepted texts: `name[:port]`, `address[:port]`, `[IPv6 address][:port]` and, because some clients
/// send it, `IPv6 address[:port]`.
struct HostPort {
  std::string host;
  std::optional<int> port;

  static std::optional<HostPort> parse(std::string_view text);
};

class AllowedHosts {
 public:
  AllowedHosts() = default;
  /// Parses a comma-separated list of hosts. An entry with a port allows only that port. `listen_address` is allowed
  /// too. The error names the first entry that is not a host.
  static Result<AllowedHosts, std::string> parse(std::string_view list, std::string_view listen_address);

  /// True if the host is a loopback name, the listen address, the local address of the connection, or in the list.
  bool serves(const HostPort& host, const LocalEnd& local) const;

  /// True if a page with this origin (`scheme://host[:port]`) was loaded from this gateway: the host is served, and the
  /// port is the local port of the connection or the port of the host's list entry. For an entry without a port, the
  /// default port of the scheme is accepted, because a proxy may be in front of the gateway.
  bool is_own_origin(std::string_view origin, const LocalEnd& local) const;

 private:
  std::vector<HostPort> listed_;
  std::string listen_address_;
};

}  // namespace mm::gateway
