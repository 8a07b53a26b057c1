#include "services/gateway/net/hosts.h"

#include <algorithm>
#include <charconv>

#include "services/gateway/net/address.h"

namespace mm::gateway {
namespace {

constexpr int kHttpPort = 80;
constexpr int kHttpsPort = 443;
constexpr int kMaxPort = 65'535;
constexpr std::size_t kNameBytes = 253;

bool is_name_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/// Returns the name in lower case without a trailing dot, or nullopt if the text is not a host name.
std::optional<std::string> name_of(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > kNameBytes) return std::nullopt;
  const std::string name = lower(text);
  return std::all_of(name.begin(), name.end(), is_name_char) ? std::optional(name) : std::nullopt;
}

std::optional<int> port_of(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && port >= 1 && port <= kMaxPort ? std::optional(port) : std::nullopt;
}

std::string shortest(std::string_view address) {
  const auto read = Address::parse(address);
  return read ? read->to_string() : std::string(address);
}

bool is_loopback(const std::string& host) {
  const auto address = Address::parse(host);
  return host == "localhost" || (address && address->is_loopback());
}

}  // namespace

std::optional<HostPort> HostPort::parse(std::string_view text) {
  HostPort out;
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    const auto address = close == std::string_view::npos ? std::nullopt : Address::parse(text.substr(1, close - 1));
    if (!address || text.substr(1, close - 1).find(':') == std::string_view::npos) return std::nullopt;
    out.host = address->to_string();
    port = text.substr(close + 1);
  } else if (std::count(text.begin(), text.end(), ':') > 1) {
    // An IPv6 address without brackets, as the WebSocket client of cpprestsdk sends it. The text after the last colon
    // is the port.
    const auto last = text.rfind(':');
    const auto address = Address::parse(text.substr(0, last));
    const auto whole = Address::parse(text);
    if (!address && !whole) return std::nullopt;
    out.host = address ? address->to_string() : whole->to_string();
    if (address) port = text.substr(last);
  } else {
    const auto colon = std::min(text.find(':'), text.size());
    const auto name = name_of(text.substr(0, colon));
    if (!name) return std::nullopt;
    out.host = shortest(*name);
    port = text.substr(colon);
  }
  if (port.empty() || port == ":") return out;  // a URI may have an empty port
  if (port.front() != ':') return std::nullopt;
  out.port = port_of(port.substr(1));
  return out.port ? std::optional(std::move(out)) : std::nullopt;
}

Result<AllowedHosts, std::string> AllowedHosts::parse(std::string_view list, std::string_view listen_address) {
  AllowedHosts out;
  out.listen_address_ = shortest(listen_address);
  while (!list.empty()) {
    const auto end = std::min(list.find_first_of(", \t\n"), list.size());
    const auto entry = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    if (entry.empty()) continue;
    // Other settings have IPv6 addresses without brackets, so an entry without brackets is accepted too.
    auto host = Address::parse(entry) ? HostPort{shortest(entry), std::nullopt} : HostPort::parse(entry);
    if (!host) return fail("'" + std::string(entry) + "' is not a host, like play.example.org or [2001:db8::1]:8080");
    out.listed_.push_back(*std::move(host));
  }
  return out;
}

bool AllowedHosts::serves(const HostPort& host, const LocalEnd& local) const {
  if (is_loopback(host.host) || host.host == shortest(local.address) || host.host == listen_address_) return true;
  const int port = host.port.value_or(local.tls ? kHttpsPort : kHttpPort);
  return std::any_of(listed_.begin(), listed_.end(), [&](const HostPort& entry) {
    return entry.host == host.host && (!entry.port || *entry.port == port);
  });
}

bool AllowedHosts::is_own_origin(std::string_view origin, const LocalEnd& local) const {
  const bool https = origin.starts_with("https://");
  if (!https && !origin.starts_with("http://")) return false;
  // A proxy may add TLS in front of a gateway without TLS. It does not remove TLS in front of a gateway with TLS.
  if (!https && local.tls) return false;
  const auto host = HostPort::parse(origin.substr(https ? 8 : 7));
  if (!host || !serves(*host, local)) return false;
  const int usual = https ? kHttpsPort : kHttpPort;
  const int port = host->port.value_or(usual);
  if (port == local.port) return true;
  return std::any_of(listed_.begin(), listed_.end(), [&](const HostPort& entry) {
    return entry.host == host->host && port == entry.port.value_or(usual);
  });
}

}  // namespace mm::gateway
