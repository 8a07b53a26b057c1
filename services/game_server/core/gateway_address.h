// Parses the URL of the gateway. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mm::game {

struct GatewayAddress {
  std::string host;
  std::string port;
  std::string path;  ///< before /v1/…; empty or "/something", no slash at the end

  friend auto operator<=>(const GatewayAddress&, const GatewayAddress&) = default;
};

/// Accepts `http://host[:port][/path]` only.
inline std::optional<GatewayAddress> parse_gateway_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  const auto slash = url.find('/');
  auto place = url.substr(0, slash);
  auto path = slash == std::string_view::npos ? std::string_view() : url.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.find_first_of("?# \r\n") != std::string_view::npos) return std::nullopt;

  std::string_view host = place;
  std::string_view port = "80";
  // A literal IPv6 address is in brackets, because it contains colons.
  const auto bracket = place.find(']');
  const auto colon = place.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    host = place.substr(0, colon);
    port = place.substr(colon + 1);
  }
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || port.empty() || port.size() > 5) return std::nullopt;
  if (port.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (host.find_first_of("@ \r\n[]") != std::string_view::npos) return std::nullopt;
  return GatewayAddress{std::string(host), std::string(port), std::string(path)};
}

}  // namespace mm::game
