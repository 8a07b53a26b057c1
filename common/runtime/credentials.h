// Secrets: one file each (mode 0600, owned by us) in the folder MM_CREDENTIALS_DIR, named after what they open:
// nats_password, redis_queue_password, redis_cache_password, postgres_password, access_token_key, server_token_key,
// admin_token, event_signing_key (and, not secret, event_key_<daemon>: common/bus/proof.h). They are never settings, arguments, log values or errors.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace mm::runtime {

class Credentials {
 public:
  explicit Credentials(std::string folder) : folder_(std::move(folder)) {}

  /// There is no folder: a test without secrets.
  bool none() const { return folder_.empty(); }

  /// The file's content without the trailing newline. The error names the file and what is wrong (missing, readable
  /// by others, weak), never the content. An empty folder name (tests without secrets) gives "".
  Result<std::string, std::string> read(std::string_view name) const;

  /// The same for what a daemon cannot run without: an error is logged and ends the process with status 78.
  std::string require(std::string_view name) const;

 private:
  std::string folder_;
};

}  // namespace mm::runtime
