// Replaces common/bus/server.cpp in the simulation: the same class, whose requests come from the simulated nats-server.
// It has the same threads: workers for plain subjects, and threads of its own for each batch subject.
#include "common/bus/server.h"

#include <deque>
#include <optional>
#include <thread>

#include "common/base/mutex.h"
#include "tests/simulation/links/bus_link.h"

namespace mm::bus {

using simulation::EventServer;
using simulation::Servers;

namespace {

/// A request and its deadline. A request that comes while the process is paused is read after the pause, and its time
/// counts from then.
struct Arrived {
  EventServer::Request request;
  std::optional<Deadline> deadline;

  Context context() const {
    Context context;
    context.caller = request.caller;
    context.deadline = deadline ? *deadline : Deadline::after(request.remaining);
    return context;
  }
};

}  // namespace

struct Server::Impl {
  struct Route {
    std::string subject;
    RawHandler one;
    RawBatchHandler many;
    std::size_t limit = 1;
    int side_by_side = 1;
    std::deque<Arrived> queue;
    Condition arrived;
    std::uint64_t endpoint = 0;
  };

  Impl(Bus& b, ServerOptions o) : bus(b), options(std::move(o)) {}

  void start();
  void stop();
  void work();
  void work_batches(Route& route);
  void serve_many(Route& route, std::vector<Arrived> arrived);

  Bus& bus;
  const ServerOptions options;
  std::vector<std::unique_ptr<Route>> routes;
  Mutex mutex;
  Condition arrived;
  std::deque<std::pair<Route*, Arrived>> inbox;
  bool stopping = false;
  std::vector<std::thread> threads;
};

Server::Server(Bus& bus, ServerOptions options, metrics::Registry&)
    : impl_(std::make_unique<Impl>(bus, std::move(options))) {}
Server::~Server() { impl_->stop(); }

void Server::serve_raw(std::string subject, const std::string& address, RawHandler handler) {
  if (!address.empty()) subject += '.' + address;
  impl_->routes.push_back(std::make_unique<Impl::Route>());
  impl_->routes.back()->subject = std::move(subject);
  impl_->routes.back()->one = std::move(handler);
}

void Server::serve_batch_raw(std::string subject, std::string address, std::size_t limit, RawBatchHandler handler,
                             int side_by_side) {
  if (!address.empty()) subject += '.' + address;
  impl_->routes.push_back(std::make_unique<Impl::Route>());
  auto& route = *impl_->routes.back();
  route.subject = std::move(subject);
  route.many = std::move(handler);
  route.limit = limit;
  route.side_by_side = side_by_side;
}

void Server::start() { impl_->start(); }
const TenantList& Server::tenants() const { return impl_->options.tenants; }

void Server::Impl::start() {
  for (int i = 0; i < options.workers; ++i) threads.emplace_back([this] { work(); });
  for (const auto& route : routes) {
    for (int i = 0; route->many && i < route->side_by_side; ++i) {
      threads.emplace_back([this, &r = *route] { work_batches(r); });
    }
    route->endpoint = Servers::current().events.add_endpoint(
        {&bus.impl().process, route->subject, [this, &r = *route](EventServer::Request request) {
           Arrived one{std::move(request), std::nullopt};
           if (!bus.impl().process.paused) one.deadline = Deadline::after(one.request.remaining);
           const MutexLock lock(mutex);
           if (r.many) {
             r.queue.push_back(std::move(one));
             r.arrived.notify_one();
           } else {
             inbox.emplace_back(&r, std::move(one));
             arrived.notify_one();
           }
         }});
  }
}

void Server::Impl::stop() {
  for (const auto& route : routes) Servers::current().events.remove_endpoint(route->endpoint);
  {
    const MutexLock lock(mutex);
    stopping = true;
  }
  arrived.notify_all();
  for (const auto& route : routes) route->arrived.notify_all();
  for (auto& thread : threads) thread.join();
}

void Server::Impl::work() {
  MutexLock lock(mutex);
  while (true) {
    arrived.wait(lock, [this] { return stopping || !inbox.empty(); });
    if (inbox.empty()) return;
    auto [route, one] = std::move(inbox.front());
    inbox.pop_front();
    lock.unlock();
    const auto context = one.context();
    if (!context.deadline.passed()) one.request.answer(route->one(one.request.body, context));
    lock.lock();
  }
}

void Server::Impl::work_batches(Route& route) {
  MutexLock lock(mutex);
  while (true) {
    route.arrived.wait(lock, [&] { return stopping || !route.queue.empty(); });
    if (route.queue.empty()) return;
    std::vector<Arrived> batch;
    while (!route.queue.empty() && batch.size() < route.limit) {
      batch.push_back(std::move(route.queue.front()));
      route.queue.pop_front();
    }
    lock.unlock();
    serve_many(route, std::move(batch));
    lock.lock();
  }
}

void Server::Impl::serve_many(Route& route, std::vector<Arrived> arrived_batch) {
  std::vector<RawIncoming> batch;
  for (auto& one : arrived_batch) {
    auto context = one.context();
    if (context.deadline.passed()) continue;
    batch.push_back({std::move(one.request.body), std::move(context), std::move(one.request.answer)});
  }
  if (!batch.empty()) route.many(batch);
}

}  // namespace mm::bus
