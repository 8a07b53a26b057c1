// The shared objects of the gateway. There is one `Gateway` per process; its members are immutable after the start or
// thread-safe. There is one `Shard` per io thread; it is used only on that thread.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/async_requests.h"
#include "common/daemon/daemon.h"
#include "common/runtime/live_modes.h"
#include "common/storage/memory_gate.h"
#include "services/gateway/api/route.h"
#include "services/gateway/core/router.h"
#include "services/gateway/docs/site.h"
#include "services/gateway/logins/denials.h"
#include "services/gateway/logins/ended_logins.h"
#include "services/gateway/logins/endings.h"
#include "services/gateway/logins/login_attempts.h"
#include "services/gateway/logins/tokens.h"
#include "services/gateway/net/address.h"
#include "services/gateway/net/async_redis.h"
#include "services/gateway/net/connections.h"
#include "services/gateway/net/hosts.h"
#include "services/gateway/net/loop.h"
#include "services/gateway/process/daemon_requests.h"
#include "services/gateway/process/directory.h"
#include "services/gateway/process/metrics.h"
#include "services/gateway/process/queue_figures.h"
#include "services/gateway/process/queue_watch.h"
#include "services/gateway/process/settings.h"
#include "services/gateway/store/keyed_store.h"
#include "services/gateway/store/local_limits.h"
#include "services/gateway/store/store.h"

namespace mm::gateway {

struct Gateway {
  Gateway(const Settings& settings, Runtime& runtime, Routes routes);

  const Settings settings;
  Runtime& runtime;
  const Routes routes;
  const std::string instance;  ///< unique to this process, for example `gateway-1-x7Yd…`; changes with every restart
  Metrics metrics;
  Tokens tokens;
  std::string admin_token;
  AddressSet trusted_proxies;
  std::vector<std::string> allowed_origins;
  AllowedHosts allowed_hosts;
  runtime::LiveModes modes;
  Router router;
  docs::Site site;
  Denials denials;
  LocalLimits local_limits;
  storage::MemoryGate queue_memory;  ///< whether new work is refused
  Directory directory;
  Endings endings;
  EndedLoginsReader ended_logins;  ///< used at the start, then on the first loop only
  std::atomic<bool> draining{false};
  std::optional<bus::AsyncRequests> requests;  ///< destroyed before the loops to which it posts answers
};

struct Shard {
  Shard(Gateway& gateway, std::size_t index, const RedisTarget& cache_target, const RedisTarget& queue_target);
  ~Shard();

  Gateway& gateway;
  const std::size_t index;
  Loop loop;
  AsyncRedis cache;
  AsyncRedis queue;
  Store store;
  KeyedStore keyed;
  LoginAttempts logins;
  Connections connections;
  QueueFigures queue_figures;
  DaemonRequests requests;
  std::optional<QueueWatch> queue_watch;  ///< only in the first shard
  std::size_t in_flight = 0;              ///< number of live exchanges
  bool over = false;                      ///< the loop has stopped: exchanges destroyed from now on send no answer
};

}  // namespace mm::gateway
