#include "services/lobby/service.h"

#include <charconv>

#include "common/contracts/bus_rights.h"
#include "common/daemon/startup.h"

namespace mm::lobby {
namespace {

/// There are more workers than cores, because requests mostly wait for Redis or matchmaker.
constexpr int kWorkers = 16;
constexpr int kQueueConnections = 8;
constexpr int kCacheConnections = 2;

/// "lobby-2": 2; "lobby": 1. Each instance has a consumer of its own for the ratings; there are kMaxLobbies of them.
int instance_number(const std::string& instance) {
  const auto dash = instance.rfind('-');
  if (dash == std::string::npos) return 1;
  int number = 0;
  const auto [end, error] = std::from_chars(instance.data() + dash + 1, instance.data() + instance.size(), number);
  const bool is_number = error == std::errc{} && end == instance.data() + instance.size();
  if (is_number && number >= 1 && number <= rights::kMaxLobbies) return number;
  daemon::refuse_to_start("MM_INSTANCE",
                          "it must end in a number from 1 to " + std::to_string(rights::kMaxLobbies) + ", as lobby-1");
}

bus::ServerOptions server_options(const Settings& settings, daemon::QueueWatch& queue_watch) {
  bus::ServerOptions options;
  options.name = Service::kName;
  options.description = "Parties and their entry to the queue";
  options.workers = kWorkers;
  options.tenants = settings.tenants;
  options.refuse_new_work = [&queue_watch] { return queue_watch.refuse_new_work(); };
  return options;
}

}  // namespace

Service::Service(const Settings& settings, Runtime& runtime)
    : runtime_(runtime),
      modes_(daemon::load_modes(settings.modes_file), settings.modes_file, runtime.metrics),
      queue_(daemon::redis_queue(runtime, settings.redis_queue_url, kQueueConnections)),
      cache_(daemon::redis_cache(runtime, settings.redis_cache_url, kCacheConnections)),
      queue_watch_(runtime, queue_),
      notifier_(runtime.bus, cache_, runtime.clock),
      metrics_(runtime.metrics),
      store_(queue_),
      presence_store_(queue_, cache_),
      changes_(store_, metrics_),
      party_notifier_(runtime.bus, notifier_, metrics_.notifications_dropped),
      parties_({store_, presence_store_, changes_, party_notifier_, metrics_, runtime.clock}),
      invitations_({runtime.bus, store_, changes_, party_notifier_, metrics_, runtime.clock}),
      queueing_({runtime.bus, store_, party_notifier_, metrics_, runtime.clock, modes_, ratings_}),
      feed_({runtime.bus, ratings_, metrics_, runtime.clock, runtime.metrics, instance_number(runtime.instance)}),
      event_handlers_({runtime.bus, store_, changes_, party_notifier_, metrics_, runtime.clock, runtime.metrics}),
      presence_(
          {runtime.bus, presence_store_, changes_, invitations_, party_notifier_, modes_, metrics_, runtime.clock}),
      server_(runtime.bus, server_options(settings, queue_watch_), runtime.metrics) {
  daemon::await_queue(runtime, queue_, settings.allow_weak_stores);
  serve();
  runtime_.health.set("open", false);
  start_thread_ = std::jthread([this](const std::stop_token& stop) { start(stop); });
}

void Service::serve() {
  const auto parties =
      [this]<class Req, class Answer>(Reply<Answer> (Parties::*handler)(const Req&, const bus::Context&)) {
        server_.serve<Req>([this, handler](const Req& request, const bus::Context& context) {
          return (parties_.*handler)(request, context);
        });
      };
  parties(&Parties::create);
  parties(&Parties::get);
  parties(&Parties::join);
  parties(&Parties::leave);
  parties(&Parties::ready);
  parties(&Parties::kick);
  parties(&Parties::promote);
  parties(&Parties::chat);
  server_.serve<InvitePlayer>(
      [this](const auto& request, const auto& context) { return invitations_.invite(request, context); });
  server_.serve<GetInvitations>(
      [this](const auto& request, const auto& context) { return invitations_.list(request, context); });
  server_.serve<RemoveInvitation>(
      [this](const auto& request, const auto& context) { return invitations_.end(request, context); });
  server_.serve<EnterQueue>(
      [this](const auto& request, const auto& context) { return queueing_.enter(request, context); });
  server_.serve<LeaveQueue>(
      [this](const auto& request, const auto& context) { return queueing_.leave(request, context); });
}

void Service::start(const std::stop_token& stop) {
  feed_.start();
  if (!feed_.fill(stop)) return;
  event_handlers_.start();
  presence_.start();
  server_.start();
  runtime_.health.set("open", true);
  feed_.watch(stop);
}
}  // namespace mm::lobby
