#include "services/gateway/process/settings.h"

#include <algorithm>
#include <string_view>

#include "common/runtime/settings_check.h"
#include "services/gateway/net/address.h"
#include "services/gateway/net/hosts.h"
#include "services/gateway/net/tls.h"

namespace mm::gateway {
namespace {

/// True for scheme://host or scheme://host:port in the form of a browser's Origin field: lower case, without a path.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const auto authority = text.substr(scheme.size());
    return !authority.empty() && std::all_of(authority.begin(), authority.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
             std::string_view(".-:[]").find(c) != std::string_view::npos;
    });
  }
  return false;
}

std::string nearest_origin(std::string_view text) {
  while (text.ends_with('/')) text.remove_suffix(1);
  const auto with_scheme =
      text.find("://") == std::string_view::npos ? "https://" + std::string(text) : std::string(text);
  return is_origin(with_scheme) ? "; the nearest is " + with_scheme : "";
}

void check_origins(const Settings& settings, runtime::SettingsCheck& check) {
  for (const auto& origin : split_list(settings.allowed_origins)) {
    if (is_origin(origin)) continue;
    check.refuse("MM_ALLOWED_ORIGINS", "each must be an origin like https://game.example, which '" + origin +
                                           "' is not" + nearest_origin(origin));
  }
}

void check_tls(const Settings& settings, runtime::SettingsCheck& check) {
  if (settings.tls_cert_file.has_value() != settings.tls_key_file.has_value()) {
    const bool has_cert = settings.tls_cert_file.has_value();
    check.refuse(has_cert ? "MM_TLS_CERT_FILE" : "MM_TLS_KEY_FILE",
                 std::string("it must be set together with ") + (has_cert ? "MM_TLS_KEY_FILE" : "MM_TLS_CERT_FILE"));
  } else if (settings.tls_cert_file) {
    const auto tls = make_tls(*settings.tls_cert_file, *settings.tls_key_file);
    if (!tls) check.refuse("MM_TLS_CERT_FILE", tls.error());
  }
}

}  // namespace

void check_settings(const Settings& settings, runtime::SettingsCheck& check) {
  if (!Address::parse(settings.listen_address)) {
    check.refuse("MM_LISTEN_ADDRESS",
                 "it must be an IP address of this machine, like 127.0.0.1 or 0.0.0.0 (every address)");
  }
  if (!AddressSet::parse(settings.trusted_proxies)) {
    check.refuse("MM_TRUSTED_PROXIES", "it must be a list of addresses and networks, like 10.0.0.0/8,fd00::1");
  }
  if (const auto hosts = AllowedHosts::parse(settings.allowed_hosts, settings.listen_address); !hosts) {
    check.refuse("MM_ALLOWED_HOSTS", hosts.error());
  }
  check_origins(settings, check);
  check_tls(settings, check);
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", \t\n"), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace mm::gateway
