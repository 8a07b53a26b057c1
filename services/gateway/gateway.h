// What everything in the gateway shares. `Gateway` is one per process, its parts immutable after the start or
// thread-safe; a `Shard` is one per io thread and used on that thread alone.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/bus/async_requests.h"
#include "common/runtime/daemon.h"
#include "common/runtime/live_modes.h"
#include "services/gateway/address.h"
#include "services/gateway/core/router.h"
#include "services/gateway/denials.h"
#include "services/gateway/docs/site.h"
#include "services/gateway/hosts.h"
#include "services/gateway/keyed_store.h"
#include "services/gateway/local_limits.h"
#include "services/gateway/login_attempts.h"
#include "services/gateway/metrics.h"
#include "services/gateway/net/async_redis.h"
#include "services/gateway/net/connections.h"
#include "services/gateway/net/loop.h"
#include "services/gateway/settings.h"
#include "services/gateway/sockets/directory.h"
#include "services/gateway/sockets/endings.h"
#include "services/gateway/store.h"
#include "services/gateway/tokens.h"

namespace mm::gateway {

class QueueFigures;
class Sockets;

struct Gateway {
  Gateway(const Settings& settings, Runtime& runtime);

  const Settings settings;
  Runtime& runtime;
  const std::string instance;  ///< this run of this gateway: `gateway-1-x7Yd…`; a restart is another
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
  Directory directory;
  Endings endings;
  std::atomic<bool> draining{false};
  std::optional<bus::AsyncRequests> requests;  ///< gone before the loops its answers are posted to
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
  std::unique_ptr<Sockets> sockets;
  std::unique_ptr<QueueFigures> queue_figures;
  std::size_t in_flight = 0;  ///< exchanges without an answer
  bool over = false;          ///< the loop has stopped: what is dropped now is answered by nobody

  static constexpr std::size_t kInFlightMax = 4096;
};

/// One entry per line or comma; spaces around are cut.
std::vector<std::string> split_list(std::string_view text);

}  // namespace mm::gateway
