// The settings of the gateway, read from environment variables. Secrets are read from files instead (see
// common/runtime/credentials.h): redis_queue_password, redis_cache_password, access_token_key, server_token_key,
// admin_token.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/contracts/fields.h"
#include "common/contracts/tenants.h"

namespace mm::runtime {
class SettingsCheck;
}

namespace mm::gateway {

struct Settings {
  int port = 8080;  ///< 0: any free port
  std::string listen_address = "127.0.0.1";
  std::string redis_queue_url;
  std::string redis_cache_url;
  TenantList tenants;                        ///< accounts and tokens of other tenants are refused
  bool rate_limits = true;                   ///< false: no limits per player and address, for load tests
  std::string allowed_hosts;                 ///< comma-separated, added to loopback names and the listen address
  std::string allowed_origins;               ///< comma-separated; pages of other origins are refused
  std::string trusted_proxies;               ///< comma-separated addresses and networks whose X-Forwarded-For is used
  std::optional<std::string> tls_cert_file;  ///< PEM certificate chain; with tls_key_file the port serves only HTTPS
  std::optional<std::string> tls_key_file;
  bool allow_weak_stores = false;
  std::string modes_file;               ///< empty: the default modes; shown at /v1/modes
  std::optional<std::string> docs_dir;  ///< absent: ../share/docs_ui relative to the program
  int threads = 0;                      ///< io threads; 0: one per core
  std::size_t max_in_flight = 4'096;    ///< requests in progress per io thread; not read from the environment
};

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_GATEWAY_PORT", s.port, Optional{}, InRange{0, 65535});
  f("MM_LISTEN_ADDRESS", s.listen_address, Optional{});
  f("MM_REDIS_QUEUE_URL", s.redis_queue_url);
  f("MM_REDIS_CACHE_URL", s.redis_cache_url);
  f("MM_TENANTS", s.tenants, Optional{});
  f("MM_RATE_LIMITS", s.rate_limits, Optional{});
  f("MM_ALLOWED_HOSTS", s.allowed_hosts, Optional{});
  f("MM_ALLOWED_ORIGINS", s.allowed_origins, Optional{});
  f("MM_TRUSTED_PROXIES", s.trusted_proxies, Optional{});
  f("MM_TLS_CERT_FILE", s.tls_cert_file);
  f("MM_TLS_KEY_FILE", s.tls_key_file);
  f("MM_ALLOW_WEAK_STORES", s.allow_weak_stores, Optional{});
  f("MM_MODES_FILE", s.modes_file, Optional{});
  f("MM_DOCS_DIR", s.docs_dir);
  f("MM_GATEWAY_THREADS", s.threads, Optional{}, InRange{0, 64});
}

/// Checks what the field list cannot check: addresses, hosts, origins, and the TLS files.
void check_settings(const Settings& settings, runtime::SettingsCheck& check);

/// Splits a list at commas and white space. Empty entries are dropped.
std::vector<std::string> split_list(std::string_view text);

}  // namespace mm::gateway
