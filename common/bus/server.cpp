// Threads: the library's delivery pool only puts requests into the inbox. `workers` threads handle plain subjects, and
// each batch subject has its own threads. The inbox has one limit over all queues, so that a flood on one subject is
// noticed. The limit has shares by class of request, and workers take results, cancels and leaves first and reads last
// (common/contracts/work.h).
//
// Each instance also serves its subjects under an address of its own, which its answers carry (kInstanceHeader). So a
// caller whose request was not answered can send the request to another instance.
#include "common/bus/server.h"

#include <array>
#include <atomic>
#include <deque>
#include <iterator>
#include <optional>
#include <thread>
#include <utility>

#include "common/base/mutex.h"
#include "common/bus/endpoint.h"
#include "common/bus/request_headers.h"
#include "common/contracts/work.h"
#include "common/runtime/log.h"

namespace mm::bus {
namespace {

// The daemon has 5 s to shut down; the rest is for its other members.
constexpr Milliseconds kDrainTimeout{4'000};
// Time for the server to confirm that it stops sending. A frozen server does not confirm.
constexpr Milliseconds kUnsubscribeTimeout{2'000};
constexpr Milliseconds kAnswerCheckInterval{2};
/// A batch of at least this many requests is answered together; answers of a smaller batch are written immediately.
constexpr std::size_t kMinBufferedAnswers = 4;

}  // namespace

struct Server::Impl {
  Impl(Bus& b, ServerOptions o, metrics::Registry& r)
      : bus(b.impl()),
        options(std::move(o)),
        registry(r),
        depth(r.gauge("mm_bus_inbox_depth", "Requests waiting for a worker")),
        unanswerable(r.counter("mm_bus_requests_without_reply_total", "Requests ignored: no inbox to reply to")),
        crowded_out(r.counter("mm_bus_requests_crowded_out_total",
                              "Requests refused because too many requests waited for a worker")),
        identity{options.name, new_uuid(SystemClock{}.now()).to_string(), options.version, {}},
        started(SystemClock{}.now()) {}

  struct Route {
    std::shared_ptr<Endpoint> endpoint;  // owners: this, and outstanding answers
    RawHandler one;                      // of a plain subject
    RawBatchHandler many;                // of a batch subject
    Work work = Work::change;
    bool has_own_address = false;  // serves only requests to an address of the handler's choice
    std::size_t limit = 1;
    int side_by_side = 1;       // number of threads of a batch subject
    std::deque<Request> queue;  // of a batch subject; guarded by Impl::mutex
    Condition arrived;          // of a batch subject
  };

  using Inbox = std::deque<std::pair<Route*, Request>>;

  Route& add(std::string subject, const std::string& address);
  void start();
  void stop();
  void subscribe(Route& route, const std::string& subject, const std::string& queue);
  void on_request(Route& route, MsgPtr message);
  void put(Route& route, Request request) REQUIRES(mutex);
  void work();
  void work_batches(Route& route);
  void serve_one(Route& route, Request request);
  void serve_many(Route& route, std::deque<Request> requests);
  std::optional<Context> open(Route& route, Request& request);
  Inbox* next_inbox() REQUIRES(mutex);
  void describe_on(const std::string& verb, std::function<std::string()> text);
  void refuse_rest();

  Bus::Impl& bus;
  const ServerOptions options;
  metrics::Registry& registry;
  metrics::Gauge depth;
  metrics::Counter unanswerable;
  metrics::Counter crowded_out;
  const service_protocol::Identity identity;
  const TimePoint started;

  std::vector<std::unique_ptr<Route>> routes;  // constant after start
  Mutex mutex;
  Condition arrived;
  Condition emptied;
  std::array<Inbox, kWorkRanks> inboxes GUARDED_BY(mutex);  // by rank_of the request's class
  std::size_t waiting GUARDED_BY(mutex) = 0;                // over all queues
  // Number of batch requests without an answer. Owners: this, and those requests.
  std::shared_ptr<std::atomic<int>> unanswered = std::make_shared<std::atomic<int>>(0);
  bool stopping GUARDED_BY(mutex) = false;

  std::vector<std::thread> threads;
  std::vector<std::unique_ptr<CallbackSubscription>> protocol;
  std::vector<std::unique_ptr<CallbackSubscription>> subscriptions;
};

Server::Server(Bus& bus, ServerOptions options, metrics::Registry& metrics)
    : impl_(std::make_unique<Impl>(bus, std::move(options), metrics)) {}

Server::~Server() { impl_->stop(); }

void Server::serve_raw(std::string subject, const std::string& address, RawHandler handler) {
  impl_->add(std::move(subject), address).one = std::move(handler);
}

void Server::serve_batch_raw(std::string subject, std::string address, std::size_t limit, RawBatchHandler handler,
                             int side_by_side) {
  auto& route = impl_->add(std::move(subject), address);
  route.many = std::move(handler);
  route.limit = limit;
  route.side_by_side = side_by_side;
}

void Server::start() { impl_->start(); }

const TenantList& Server::tenants() const { return impl_->options.tenants; }

Server::Impl::Route& Server::Impl::add(std::string subject, const std::string& address) {
  check(subscriptions.empty(), "a subject is served before the server starts");
  routes.push_back(std::make_unique<Route>());
  routes.back()->work = work_of(subject);
  routes.back()->endpoint =
      std::make_shared<Endpoint>(bus, std::move(subject), address, identity.id, options.name, registry);
  routes.back()->has_own_address = !address.empty();
  return *routes.back();
}

void Server::Impl::start() {
  for (int i = 0; i < options.workers; ++i) threads.emplace_back([this] { work(); });
  for (const auto& route : routes) {
    if (!route->many) continue;
    route->endpoint->use(bus.buffered_connection());
    for (int i = 0; i < route->side_by_side; ++i) threads.emplace_back([this, &r = *route] { work_batches(r); });
  }
  using namespace service_protocol;
  describe_on("PING", [this] { return wire::encode(Ping{identity}); });
  describe_on("INFO", [this] {
    Info info{identity, std::string(kInfoType), options.description, {}};
    for (const auto& route : routes) info.endpoints.push_back(route->endpoint->info());
    return wire::encode(info);
  });
  describe_on("STATS", [this] {
    Stats stats{identity, std::string(kStatsType), started, {}};
    for (const auto& route : routes) stats.endpoints.push_back(route->endpoint->stats());
    return wire::encode(stats);
  });
  for (const auto& route : routes) {
    subscribe(*route, route->endpoint->listens_on(), options.name);
    if (!route->has_own_address) subscribe(*route, addressed({route->endpoint->subject()}, identity.id), "");
  }
  // After the flush the server has all subscriptions, so requests arrive from now on.
  bus.flush(Milliseconds{2'000});
}

void Server::Impl::subscribe(Route& route, const std::string& subject, const std::string& queue) {
  subscriptions.push_back(std::make_unique<CallbackSubscription>(
      route.endpoint->connection(), subject, queue,
      [this, &route](MsgPtr message) { on_request(route, std::move(message)); }));
}

void Server::Impl::describe_on(const std::string& verb, std::function<std::string()> text) {
  const auto general = "$SRV." + verb;
  for (const auto& subject :
       {general, general + "." + identity.name, general + "." + identity.name + "." + identity.id}) {
    protocol.push_back(
        std::make_unique<CallbackSubscription>(bus.connection, subject, "", [this, text](MsgPtr message) {
          if (const auto to = reply_of(message.get()); is_inbox(to)) (void)bus.publish_reply(to, text(), {});
        }));
  }
}

void Server::Impl::on_request(Route& route, MsgPtr message) {
  if (!is_inbox(reply_of(message.get()))) return unanswerable.add();
  Request request{std::move(message), std::chrono::steady_clock::now()};
  if (route.work == Work::begin && options.refuse_new_work) {
    if (auto refusal = options.refuse_new_work()) return route.endpoint->answer(request, {}, fail(*std::move(refusal)));
  }
  bool full = false;
  {
    const MutexLock lock(mutex);
    full = waiting >= room_for(route.work, options.inbox);
    if (!full) put(route, std::move(request));
  }
  if (!full) return;
  crowded_out.add();
  route.endpoint->answer(request, {}, refuse(Code::unavailable, "too many requests are waiting"));
}

void Server::Impl::put(Route& route, Request request) {
  ++waiting;
  depth.set(static_cast<double>(waiting));
  if (route.many) {
    route.queue.push_back(std::move(request));
    route.arrived.notify_one();
  } else {
    inboxes[rank_of(route.work)].emplace_back(&route, std::move(request));
    arrived.notify_one();
  }
}

/// The inbox whose request is next, or null if all are empty.
Server::Impl::Inbox* Server::Impl::next_inbox() {
  for (auto& inbox : inboxes) {
    if (!inbox.empty()) return &inbox;
  }
  return nullptr;
}

void Server::Impl::work() {
  MutexLock lock(mutex);
  while (true) {
    arrived.wait(lock, [this]() REQUIRES(mutex) { return stopping || next_inbox() != nullptr; });
    auto* inbox = next_inbox();
    if (inbox == nullptr) break;
    auto [route, request] = std::move(inbox->front());
    inbox->pop_front();
    depth.set(static_cast<double>(--waiting));
    lock.unlock();
    serve_one(*route, std::move(request));
    lock.lock();
    if (waiting == 0) emptied.notify_all();
  }
  lock.unlock();
  nats_ReleaseThreadMemory();
}

void Server::Impl::work_batches(Route& route) {
  MutexLock lock(mutex);
  while (true) {
    route.arrived.wait(lock, [&]() REQUIRES(mutex) { return stopping || !route.queue.empty(); });
    if (route.queue.empty()) break;
    std::deque<Request> requests;
    while (!route.queue.empty() && requests.size() < route.limit) {
      requests.push_back(std::move(route.queue.front()));
      route.queue.pop_front();
    }
    waiting -= requests.size();
    depth.set(static_cast<double>(waiting));
    lock.unlock();
    serve_many(route, std::move(requests));
    lock.lock();
    if (waiting == 0) emptied.notify_all();
  }
  lock.unlock();
  nats_ReleaseThreadMemory();
}

// Reads the request's context. Returns nothing if the request was answered or dropped here.
std::optional<Context> Server::Impl::open(Route& route, Request& request) {
  auto context = read_headers(request.message.get(), request.received);
  if (!context) {
    route.endpoint->answer(request, {}, fail(std::move(context).error()));
    return std::nullopt;
  }
  if (context->deadline.passed()) {
    route.endpoint->drop(request);
    return std::nullopt;
  }
  return std::move(*context);
}

void Server::Impl::serve_one(Route& route, Request request) {
  const auto context = open(route, request);
  if (!context) return;
  const trace::Scope scope(context->trace);
  Reply<std::string> reply = refuse(Code::internal_error);
  try {
    reply = route.one(body_of(request.message.get()), *context);
  } catch (const std::exception& error) {
    log::error("handler_failed", {{"subject", route.endpoint->subject()}, {"reason", error.what()}});
  }
  route.endpoint->answer(request, context->trace, reply);
}

void Server::Impl::serve_many(Route& route, std::deque<Request> requests) {
  // An answer function that is called twice, or never, is a bug of the handler. If the function is destroyed without
  // having been called, the request is answered internal_error.
  struct Pending {
    Pending(std::shared_ptr<Endpoint> e, Request r, const trace::Context& t, std::shared_ptr<std::atomic<int>> u)
        : endpoint(std::move(e)), request(std::move(r)), trace(t), unanswered(std::move(u)) {
      ++*unanswered;
    }
    std::shared_ptr<Endpoint> endpoint;
    Request request;
    trace::Context trace;
    std::shared_ptr<std::atomic<int>> unanswered;
    bool buffered = false;
    bool answered = false;
    void answer(const Reply<std::string>& reply) {
      if (std::exchange(answered, true)) return;
      endpoint->answer(request, trace, reply, buffered);
      --*unanswered;
    }
    ~Pending() { answer(refuse(Code::internal_error)); }
  };
  std::vector<RawIncoming> batch;
  batch.reserve(requests.size());
  for (auto& request : requests) {
    auto context = open(route, request);
    if (!context) continue;
    std::string body(body_of(request.message.get()));
    // Owners: the copies of the answer function.
    auto pending = std::make_shared<Pending>(route.endpoint, std::move(request), context->trace, unanswered);
    pending->buffered = requests.size() >= kMinBufferedAnswers;
    batch.push_back(
        {std::move(body), std::move(*context), [pending](Reply<std::string> reply) { pending->answer(reply); }});
  }
  if (batch.empty()) return;
  const bool buffered = requests.size() >= kMinBufferedAnswers;
  try {
    route.many(batch);
    if (buffered) bus.flush_buffered();  // the answers given so far, usually all
  } catch (const std::exception& error) {
    log::error("handler_failed", {{"subject", route.endpoint->subject()}, {"reason", error.what()}});
  }
}

void Server::Impl::stop() {
  const auto deadline = Deadline::after(kDrainTimeout);
  for (const auto& subscription : subscriptions) subscription->begin_drain(kUnsubscribeTimeout);
  for (const auto& subscription : subscriptions) subscription->await_end();
  protocol.clear();
  {
    MutexLock lock(mutex);
    emptied.wait_until(lock, deadline.when(), [this]() REQUIRES(mutex) { return waiting == 0; });
  }
  refuse_rest();
  {
    const MutexLock lock(mutex);
    stopping = true;
    arrived.notify_all();
    for (const auto& route : routes) route->arrived.notify_all();
  }
  for (auto& thread : threads) thread.join();
  // Batch handlers may answer later, from other threads.
  while (*unanswered > 0 && !deadline.passed()) std::this_thread::sleep_for(kAnswerCheckInterval);
  subscriptions.clear();
}

void Server::Impl::refuse_rest() {
  std::deque<std::pair<Route*, Request>> rest;
  {
    const MutexLock lock(mutex);
    for (auto& inbox : inboxes) {
      std::move(inbox.begin(), inbox.end(), std::back_inserter(rest));
      inbox.clear();
    }
    for (const auto& route : routes) {
      for (auto& request : route->queue) rest.emplace_back(route.get(), std::move(request));
      route->queue.clear();
    }
    waiting = 0;
    depth.set(0);
  }
  for (const auto& [route, request] : rest) {
    route->endpoint->answer(request, {}, refuse(Code::unavailable, "this instance is shutting down"));
  }
}

}  // namespace mm::bus
