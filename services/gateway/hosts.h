// Which hosts the gateway serves. A browser can be made to send any name that an attacker's DNS points at the gateway
// (DNS rebinding), so neither the host of a request nor its "own origin" is believed because the request says so: both
// must be in a list of the operator's, or mean the very address that the connection came to. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "services/gateway/core/http.h"

namespace mm::gateway {

/// `name[:port]`, `address[:port]`, `[IPv6 address][:port]` or, of some clients, `IPv6 address[:port]`, in the form in which two of them compare: lower case,
/// without a trailing dot; an address in its shortest form and without brackets.
struct HostPort {
  std::string host;
  std::optional<int> port;

  static std::optional<HostPort> parse(std::string_view text);
};

class AllowedHosts {
 public:
  AllowedHosts() = default;
  /// A comma-separated list of hosts. An entry with a port stands for that port alone. `listen_address` is one more.
  /// The error names the entry that is no host.
  static Result<AllowedHosts, std::string> parse(std::string_view list, std::string_view listen_address);

  /// The host is a loopback name, the address the connection came to, or in the list.
  bool serves(const HostPort& host, const LocalEnd& local) const;

  /// A page of this origin (`scheme://host[:port]`) came from this gateway: the host is served, and the port is the
  /// gateway's own, or the entry's; of an entry without a port also the scheme's default, for a proxy in front.
  bool is_own_origin(std::string_view origin, const LocalEnd& local) const;

 private:
  std::vector<HostPort> listed_;
  std::string listen_address_;
};

}  // namespace mm::gateway
