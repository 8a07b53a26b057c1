#include "services/matchmaker/service.h"

#include <algorithm>
#include <thread>
#include <type_traits>

#include "common/daemon/startup.h"
#include "common/runtime/log.h"

namespace mm::matchmaker {
namespace {

constexpr int kWorkers = 4;
/// Enqueues, workers, outbox relay, reconciler, verifier, explanations and the consumer; each holds a connection only
/// briefly.
constexpr int kQueueConnections = 6;
constexpr std::size_t kEnqueueBatch = 128;
constexpr int kEnqueueThreads = 2;
constexpr std::size_t kExplainBatch = 64;

int plan_threads(const Settings& settings) {
  constexpr int kMaxThreads = 4;
  if (settings.plan_threads > 0) return settings.plan_threads;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

Recorder::Options record_options(const Settings& settings, const Runtime& runtime) {
  constexpr std::uint64_t kMegabyte = 1024 * 1024;
  Recorder::Options options = settings.record_limits;
  options.folder = settings.record_dir;
  options.instance = runtime.instance;
  options.bytes = static_cast<std::uint64_t>(settings.record_mb) * kMegabyte;
  return options;
}

bus::ServerOptions server_options(const Settings& settings, daemon::QueueWatch& queue_watch) {
  bus::ServerOptions options;
  options.name = Service::kName;
  options.description = "Tickets, queues, and the matches made of them";
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
      tick_queue_(daemon::redis_queue(runtime, settings.redis_queue_url, 1)),
      cache_(daemon::redis_cache(runtime, settings.redis_cache_url, 1)),
      notifier_(runtime.bus, cache_, runtime.clock),
      metrics_(runtime.metrics, *modes_.current()),
      store_((daemon::await_queue(runtime, queue_, settings.allow_weak_stores), queue_), settings.limits),
      queue_watch_(runtime, queue_),
      owner_store_(tick_queue_),
      after_commit_store_(queue_),
      generation_store_(queue_),
      verifier_({generation_store_, store_, runtime.bus, runtime.clock, metrics_}),
      known_tenants_(store_, verifier_),
      wait_estimator_(runtime.clock),
      publisher_(runtime.bus, notifier_, metrics_),
      recovery_(runtime.metrics, runtime.clock),
      outbox_relay_(store_, runtime.bus, owned_tenants_, metrics_, recovery_),
      outcomes_(store_, runtime.bus, publisher_, metrics_,
                [this](const Tenant& tenant) { outbox_relay_.wake(tenant); }),
      reconciler_({store_, after_commit_store_, known_tenants_, outcomes_, runtime.bus, wait_estimator_, owned_tenants_,
                   runtime.clock, metrics_, recovery_}),
      ticket_handler_({store_, publisher_, verifier_, wait_estimator_, modes_, runtime.clock,
                       [this](const Tenant& tenant) { outbox_relay_.wake(tenant); },
                       [this] { return tick_loop_.holds_back(); }}),
      recorder_(record_options(settings, runtime), runtime.clock, metrics_),
      address_(new_uuid(runtime.clock.now())),
      snapshot_requests_(metrics_),
      explain_handler_({store_, snapshot_requests_, runtime.bus, runtime.metrics, metrics_, address_}),
      tick_loop_({owner_store_, verifier_, modes_, publisher_, wait_estimator_, owned_tenants_, runtime.bus,
                  runtime.clock, metrics_, runtime.instance, recorder_, snapshot_requests_, address_,
                  plan_threads(settings), settings.max_unconfirmed},
                 Milliseconds{settings.tick_ms}),
      enqueue_handler_({store_, known_tenants_, outcomes_, wait_estimator_, modes_, runtime.clock, metrics_,
                        [this] { tick_loop_.bucket_opened(); }}),
      matches_(runtime.bus, streams::kMatch, {.name = std::string(kName)}, runtime.metrics),
      server_(runtime.bus, server_options(settings, queue_watch_), runtime.metrics) {
  follow_matches();
  serve();
  runtime_.health.probe("queue_verified", [this] { return verifier_.current().has_value(); });
  runtime_.health.probe("ticking", [this] { return tick_loop_.ticking(); });
}

void Service::follow_matches() {
  const auto follow = [this]<class E>(std::type_identity<E>) {
    matches_.on<E>([this](const E& event, const bus::EventInfo&) { return outcomes_.on(event); });
  };
  follow(std::type_identity<MatchReady>{});
  follow(std::type_identity<MatchCompleted>{});
  follow(std::type_identity<MatchCancelled>{});
  matches_.start();
}

void Service::serve() {
  server_.serve_batch<Enqueue>(
      kEnqueueBatch, [this](std::vector<bus::Incoming<Enqueue>>& batch) { enqueue_handler_.handle(batch); },
      kEnqueueThreads);
  server_.serve<CancelTicket>(
      [this](const auto& request, const auto& context) { return ticket_handler_.cancel(request, context); });
  server_.serve<GetTicket>(
      [this](const auto& request, const auto& context) { return ticket_handler_.status(request, context); });
  server_.serve<MakeMatch>(
      [this](const auto& request, const auto& context) { return ticket_handler_.make(request, context); });
  server_.serve<GetQueues>(
      [this](const auto& request, const auto& context) { return ticket_handler_.queues(request, context); });
  server_.serve_batch<GetExplanation>(
      kExplainBatch, [this](std::vector<bus::Incoming<GetExplanation>>& batch) { explain_handler_.handle(batch); });
  server_.serve_batch_at<ExplainHere>(
      address_.to_string(), kExplainBatch,
      [this](std::vector<bus::Incoming<ExplainHere>>& batch) { explain_handler_.handle_forwarded(batch); });
  server_.start();
}

}  // namespace mm::matchmaker
