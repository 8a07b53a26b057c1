// Steps that most daemons take in the constructor of their Service: load the mode table, open the stores, refuse to
// start. They throw the exceptions of common/runtime/start_errors.h, so that all daemons end with the same status and
// log event for the same reason.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/contracts/modes.h"
#include "common/daemon/daemon.h"
#include "common/runtime/settings_check.h"
#include "common/runtime/start_errors.h"
#include "common/storage/postgres.h"
#include "common/storage/redis.h"

namespace mm::daemon {

/// How long a daemon waits for a store.
inline constexpr Milliseconds kStoreTimeout{30'000};

/// Ends the start with status 78. `subject`: the setting or store that must be changed.
[[noreturn]] void refuse_to_start(std::string_view subject, std::string reason);

/// Reads the mode table: the shipped one if `file` is empty. Throws StartRefused if the file is not valid.
ModeTable load_modes(const std::string& file);
/// Checks that MM_MODES_FILE can be read and is valid.
void check_modes_file(const std::string& file, runtime::SettingsCheck& check);

struct PostgresSettings {
  std::string url;     ///< MM_POSTGRES_URL
  std::string schema;  ///< made by db/migrate
  int connections = 4;
  bool allow_weak = false;  ///< accept a server that may lose acknowledged writes
  Milliseconds timeout = kStoreTimeout;
};

/// Opens PostgreSQL with the credential postgres_password, and waits until the server answers and has the schema.
/// Throws Unavailable at the timeout; StartRefused if the URL is not valid or the server may lose acknowledged writes.
std::unique_ptr<storage::Postgres> open_postgres(const Runtime& runtime, const PostgresSettings& settings);

/// Options for Redis "queue" and Redis "cache", with the credential redis_queue_password or redis_cache_password.
/// `url`: MM_REDIS_QUEUE_URL or MM_REDIS_CACHE_URL; throws StartRefused if it is not valid. No daemon waits for the
/// cache, because it may be away at any time.
storage::RedisOptions redis_queue(const Runtime& runtime, const std::string& url, int connections);
storage::RedisOptions redis_cache(const Runtime& runtime, const std::string& url, int connections);

/// Waits until Redis "queue" answers. Throws Unavailable at the timeout; StartRefused if it may lose acknowledged
/// writes, unless `allow_weak`. A server that becomes such a one later makes the daemon unready (QueueWatch).
void await_queue(const Runtime& runtime, storage::Redis& queue, bool allow_weak, Milliseconds timeout = kStoreTimeout);

}  // namespace mm::daemon
