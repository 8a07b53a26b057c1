// Credentials: reads the secrets of a daemon. Each secret is a file (mode 0600, owned by the daemon's user) in the
// folder MM_CREDENTIALS_DIR: nats_password, redis_queue_password, redis_cache_password, postgres_password,
// access_token_key, server_token_key, admin_token, event_signing_key (and event_key_<daemon>, which is not secret:
// common/bus/event_signature.h). Secrets are never settings, arguments, log values or errors.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace mm::runtime {

class Credentials {
 public:
  explicit Credentials(std::string folder) : folder_(std::move(folder)) {}

  /// True if no folder is configured, as in tests without secrets.
  bool none() const { return folder_.empty(); }

  /// The content of a file without the trailing newline. The error names the file and the problem (missing, readable by
  /// others, weak), never the content. Without a folder the result is "".
  Result<std::string, std::string> read(std::string_view name) const;

  /// The same for a secret that the daemon needs at its start: throws StartRefused instead of returning an error.
  std::string require(std::string_view name) const;

 private:
  std::string folder_;
};

}  // namespace mm::runtime
