#include "services/gateway/service.h"

#include <algorithm>
#include <future>
#include <thread>

#include "common/contracts/queue_generation.h"
#include "common/daemon/startup.h"
#include "common/daemon/wait_until.h"
#include "common/runtime/breaker_metrics.h"
#include "common/runtime/log.h"
#include "common/storage/redis.h"
#include "services/gateway/core/close_codes.h"
#include "services/gateway/handlers/routes.h"
#include "services/gateway/net/tls.h"
#include "services/gateway/sockets/frames.h"
#include "services/gateway/sockets/sockets.h"
#include "services/gateway/transport/listener.h"

namespace mm::gateway {
namespace {

constexpr std::size_t kMaxConnectionsPerAddress = 64;
constexpr Milliseconds kPortTimeout{300'000};
constexpr Milliseconds kLoadTimeout{1'000};  // of the ended logins, once Redis is there
// Time for answers and close frames during the shutdown; part of the drain time of the daemon harness. After this time
// all connections are closed.
constexpr Milliseconds kWindDownTimeout{3'500};
constexpr Milliseconds kPollInterval{20};

RedisTarget target_of(const Runtime& runtime, const std::string& url, std::string_view password_name,
                      const char* dependency) {
  auto target = resolve_redis(url, runtime.credentials.require(password_name));
  if (!target) daemon::refuse_to_start(password_name, target.error());
  target->breaker_changed = [breaker = metrics::BreakerMetrics(runtime.metrics, dependency)](bool open) mutable {
    breaker.changed(open);
  };
  return *std::move(target);
}

/// Refuses to start if the queue Redis could lose acknowledged writes: refresh families and stored answers must not be
/// lost. Then reads which logins have ended.
void await_queue(Gateway& gateway) {
  const auto& settings = gateway.settings;
  storage::Redis redis(daemon::redis_queue(gateway.runtime, settings.redis_queue_url, 1));
  daemon::await_queue(gateway.runtime, redis, settings.allow_weak_stores);
  const auto load = [&] { return gateway.ended_logins.load(redis, Deadline::after(kLoadTimeout)); };
  daemon::wait_until(gateway.runtime, "redis_queue", load, Deadline::after(kPortTimeout));
}

}  // namespace

Service::Service(const Settings& settings, Runtime& runtime)
    : gateway_(settings, runtime, routes()), cap_(connections_allowed(), kMaxConnectionsPerAddress) {
  await_queue(gateway_);
  if (settings.tls_cert_file.has_value() != settings.tls_key_file.has_value()) {
    daemon::refuse_to_start("MM_TLS_CERT_FILE", "it must be set together with MM_TLS_KEY_FILE");
  }
  if (settings.tls_cert_file) {
    auto tls = make_tls(*settings.tls_cert_file, *settings.tls_key_file);
    if (!tls) daemon::refuse_to_start("MM_TLS_CERT_FILE", tls.error());
    tls_ = *std::move(tls);
  }
  build_shards();
  gateway_.endings.on_ending([this](const CloseSockets& event) { end_sockets(event); });
  listen();
  subscribe();
  watch_health();
  log::info("gateway_listens", {{"port", port_},
                                {"threads", shards_.size()},
                                {"connections_max", cap_.total()},
                                {"tls", tls_ != nullptr},
                                {"docs_ui", gateway_.site.complete()}});
}

void Service::build_shards() {
  const auto& settings = gateway_.settings;
  const auto cache = target_of(gateway_.runtime, settings.redis_cache_url, "redis_cache_password", "redis_cache");
  const auto queue = target_of(gateway_.runtime, settings.redis_queue_url, "redis_queue_password", "redis_queue");
  const auto count = settings.threads > 0 ? static_cast<std::size_t>(settings.threads)
                                          : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) {
    auto& shard = *shards_.emplace_back(std::make_unique<Shard>(gateway_, i, cache, queue));
    if (i == 0)
      shard.queue_watch.emplace(shard.queue, shard.keyed, gateway_.queue_memory, gateway_.metrics.queue_memory);
    auto& sockets = *sockets_.emplace_back(std::make_unique<Sockets>(shard));
    listeners_.push_back(std::make_unique<Listener>(shard, sockets, cap_, tls_.get()));
  }
}

void Service::listen() {
  port_ = gateway_.settings.port;
  for (auto& listener : listeners_) {
    const auto attempt = [&]() -> Result<Done, std::string> {
      auto port = listener->open(gateway_.settings.listen_address, port_);
      if (!port) return daemon::listen_failure(port.error());
      port_ = *port;
      return Done{};
    };
    // The port may be in use for a while by an outgoing connection of another process.
    daemon::wait_until(gateway_.runtime, "MM_GATEWAY_PORT", attempt, Deadline::after(kPortTimeout));
  }
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto& shard = *shards_[i];
    auto& listener = *listeners_[i];
    shard.loop.on_tick([this, i](SteadyPoint now) { on_tick(i, now); });
    shard.loop.post([&listener] { listener.start(); });
    shard.loop.start();
  }
}

void Service::on_tick(std::size_t index, SteadyPoint now) {
  auto& shard = *shards_[index];
  shard.cache.tick(now);
  shard.queue.tick(now);
  listeners_[index]->on_tick(now);
  shard.connections.on_tick(now);
  sockets_[index]->on_tick(now);
  shard.logins.on_tick();
  shard.requests.on_tick(now);
  shard.keyed.on_tick(now);
  if (shard.queue_watch) shard.queue_watch->on_tick(now);
  if (index != 0) return;
  gateway_.endings.publish_pending();
  gateway_.ended_logins.on_tick(shard.store, now);
  gateway_.metrics.connections.set(static_cast<double>(cap_.open()));
}

void Service::subscribe() {
  auto& bus = gateway_.runtime.bus;
  subscriptions_.push_back(std::make_unique<bus::Subscription>(
      bus, std::string(kNotifyPrefix) + "*", "",
      [this](std::string_view subject, std::string_view body) { on_notify(subject, body); }));
  subscriptions_.push_back(
      bus::subscribe<CloseSockets>(bus, "", [this](const CloseSockets& event) { gateway_.endings.end_here(event); }));
  subscriptions_.push_back(bus::subscribe<PartyUpdated>(bus, "", [this](const PartyUpdated& event) {
    std::vector<PlayerId> members;
    for (const auto& member : event.party.members) members.push_back(member.player_id);
    on_party(event.party.party_id, std::move(members));
  }));
  subscriptions_.push_back(
      bus::subscribe<PartyDisbanded>(bus, "", [this](const PartyDisbanded& event) { on_party(event.party_id, {}); }));
  subscriptions_.push_back(bus::subscribe<QueueReset>(bus, "", [this](const QueueReset&) {
    for (auto& sockets : sockets_) sockets->shard().loop.post([&sockets = *sockets] { sockets.queue_reset(); });
  }));
  // This server has no request subjects. It only answers the discovery requests $SRV.* of NATS.
  const bus::ServerOptions options{.name = std::string(kName), .description = "REST and WebSocket", .workers = 0};
  described_ = std::make_unique<bus::Server>(bus, options, gateway_.runtime.metrics);
  described_->start();
}

void Service::watch_health() {
  // There is deliberately no probe for the cache: without it, the gateway serves requests with the limits of this
  // process.
  gateway_.runtime.health.probe("redis_queue", [this]() -> std::string {
    const bool connected =
        std::all_of(shards_.begin(), shards_.end(), [](const auto& shard) { return shard->queue.connected(); });
    return connected ? shards_.front()->queue_watch->flaw() : "it does not answer";
  });
}

// Runs on a thread of the bus. Frames for players without a socket on this gateway are dropped after the directory
// lookup.
void Service::on_notify(std::string_view subject, std::string_view body) {
  const auto player = PlayerId::parse(subject.substr(kNotifyPrefix.size()));
  if (!player) return;
  const auto shards = gateway_.directory.shards_of(*player);
  if (shards.empty()) return;
  const auto seq = read_frame_seq(body);
  if (!seq) return gateway_.runtime.bus.count_undecodable(kNotifyPrefix);
  const auto text = std::make_shared<const std::string>(body);
  for (const auto index : shards) {
    auto& sockets = *sockets_[index];
    shards_[index]->loop.post([&sockets, player = *player, seq = *seq, text] { sockets.deliver(player, seq, text); });
  }
}

void Service::end_sockets(const CloseSockets& event) {
  for (const auto index : gateway_.directory.shards_of(event.player_id)) {
    shards_[index]->loop.post([&sockets = *sockets_[index], event] { sockets.end(event); });
  }
}

void Service::on_party(PartyId party, std::vector<PlayerId> members) {
  if (!gateway_.directory.is_watched(party)) return;
  for (auto& sockets : sockets_) {
    sockets->shard().loop.post([&sockets = *sockets, party, members] { sockets.party_changed(party, members); });
  }
}

/// Runs `work` on every loop and waits until all have finished, for up to kWindDownTimeout for each loop.
void Service::on_every_loop(const std::function<void(std::size_t)>& work) {
  std::vector<std::future<void>> done;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    shards_[i]->loop.post([work, i, promise] {
      work(i);
      promise->set_value();
    });
  }
  for (auto& one : done) one.wait_for(kWindDownTimeout);
}

/// Waits until the cache has processed the removal of all closed sockets: Redis answers in order, so the answer to a
/// PING follows the answers to all earlier commands.
void Service::flush_presence() {
  std::vector<std::future<void>> done;
  for (auto& shard : shards_) {
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    shard->loop.post([&shard = *shard, promise] {
      shard.cache.command({"PING"}, Milliseconds{200}, [promise](auto) { promise->set_value(); });
    });
  }
  for (auto& one : done) one.wait_for(Milliseconds{500});
}

Service::~Service() {
  gateway_.draining = true;
  described_.reset();
  subscriptions_.clear();
  on_every_loop([this](std::size_t i) {
    listeners_[i]->close();
    sockets_[i]->end_all(close_codes::kRestarting, "restarting");
    shards_[i]->connections.wind_down();
  });
  const auto deadline = Deadline::after(kWindDownTimeout);
  while (cap_.open() > 0 && !deadline.passed()) std::this_thread::sleep_for(kPollInterval);
  flush_presence();
  for (auto& shard : shards_) shard->loop.stop();
  gateway_.requests.reset();
  listeners_.clear();
  shards_.clear();
}

}  // namespace mm::gateway
