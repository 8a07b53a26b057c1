#include "services/gateway/process/gateway.h"

#include "common/daemon/startup.h"
#include "common/security/secrets.h"

namespace mm::gateway {
namespace {

constexpr Milliseconds kCacheStallTimeout{500};
constexpr Milliseconds kQueueStallTimeout{1'500};

std::vector<std::string> keys_of(const Runtime& runtime, std::string_view name) {
  auto keys = parse_keys(runtime.credentials.require(name));
  if (!keys) daemon::refuse_to_start(name, keys.error());
  return *std::move(keys);
}

AddressSet proxies_of(const Settings& settings) {
  auto set = AddressSet::parse(settings.trusted_proxies);
  if (!set)
    daemon::refuse_to_start("MM_TRUSTED_PROXIES",
                            "it must be a list of addresses and networks, like 10.0.0.0/8,fd00::1");
  return *std::move(set);
}

AllowedHosts hosts_of(const Settings& settings) {
  auto hosts = AllowedHosts::parse(settings.allowed_hosts, settings.listen_address);
  if (!hosts) daemon::refuse_to_start("MM_ALLOWED_HOSTS", hosts.error());
  return *std::move(hosts);
}

Router router_of(Routes routes) {
  Router router;
  for (const auto& route : routes) router.add(route.method, route.path);
  return router;
}

}  // namespace

Gateway::Gateway(const Settings& the_settings, Runtime& the_runtime, Routes the_routes)
    : settings(the_settings),
      runtime(the_runtime),
      routes(the_routes),
      instance(the_runtime.instance + "-" + security::random_token(6)),
      metrics(the_runtime.metrics, routes),
      tokens(keys_of(the_runtime, "access_token_key"), keys_of(the_runtime, "server_token_key")),
      admin_token(the_runtime.credentials.require("admin_token")),
      trusted_proxies(proxies_of(the_settings)),
      allowed_origins(split_list(the_settings.allowed_origins)),
      allowed_hosts(hosts_of(the_settings)),
      modes(daemon::load_modes(the_settings.modes_file), the_settings.modes_file, the_runtime.metrics),
      router(router_of(routes)),
      site(the_settings.docs_dir.value_or(docs::default_folder()), routes),
      endings(the_runtime.bus, denials),
      ended_logins(endings),
      requests(std::in_place, the_runtime.bus, the_runtime.metrics) {}

Shard::Shard(Gateway& the_gateway, std::size_t the_index, const RedisTarget& cache_target,
             const RedisTarget& queue_target)
    : gateway(the_gateway),
      index(the_index),
      cache(loop, cache_target, "cache", kCacheStallTimeout),
      queue(loop, queue_target, "queue", kQueueStallTimeout),
      store(cache, queue),
      keyed(queue),
      logins(store, gateway.local_limits, gateway.runtime.clock),
      queue_figures(gateway.runtime.clock),
      requests(loop, gateway.requests, gateway.metrics) {}

// Connections, exchanges and Redis calls own each other. They are destroyed here, while all members that they use
// exist.
Shard::~Shard() {
  loop.stop();
  over = true;
  queue_figures.drop_all();
  requests.drop_all();
  cache.close();
  queue.close();
  logins.drop_all();
  loop.drop_all();
}

}  // namespace mm::gateway
