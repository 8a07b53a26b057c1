#include "services/gateway/gateway.h"

#include "common/daemon/startup.h"
#include "common/security/secrets.h"
#include "services/gateway/queue_figures.h"
#include "services/gateway/sockets/sockets.h"

namespace mm::gateway {
namespace {

constexpr Milliseconds kCacheStall{500};
constexpr Milliseconds kQueueStall{1'500};

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

Router router_of_routes() {
  Router router;
  for (const auto& route : routes()) router.add(route.method, route.path);
  return router;
}

}  // namespace

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", \t\n"), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

Gateway::Gateway(const Settings& the_settings, Runtime& the_runtime)
    : settings(the_settings),
      runtime(the_runtime),
      instance(the_runtime.instance + "-" + security::random_token(6)),
      metrics(the_runtime.metrics),
      tokens(keys_of(the_runtime, "access_token_key"), keys_of(the_runtime, "server_token_key")),
      admin_token(the_runtime.credentials.require("admin_token")),
      trusted_proxies(proxies_of(the_settings)),
      allowed_origins(split_list(the_settings.allowed_origins)),
      allowed_hosts(hosts_of(the_settings)),
      modes(daemon::load_modes(the_settings.modes_file), the_settings.modes_file, the_runtime.metrics),
      router(router_of_routes()),
      site(the_settings.docs_dir.value_or(docs::default_folder())),
      endings(the_runtime.bus, denials),
      requests(std::in_place, the_runtime.bus, the_runtime.metrics) {}

Shard::Shard(Gateway& the_gateway, std::size_t the_index, const RedisTarget& cache_target, const RedisTarget& queue_target)
    : gateway(the_gateway),
      index(the_index),
      cache(loop, cache_target, "cache", kCacheStall),
      queue(loop, queue_target, "queue", kQueueStall),
      store(cache, queue),
      keyed(queue),
      logins(*this),
      sockets(std::make_unique<Sockets>(*this)),
      queue_figures(std::make_unique<QueueFigures>(*this)) {}

// Connections, exchanges and Redis calls own each other. They are destroyed here, while all members that they use
// exist.
Shard::~Shard() {
  loop.stop();
  over = true;
  queue_figures.reset();
  cache.close();
  queue.close();
  logins.drop_all();
  loop.drop_all();
}

}  // namespace mm::gateway
