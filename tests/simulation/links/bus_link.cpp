// Replaces common/bus/bus.cpp in the simulation: the same class, connected to the simulated nats-server.
#include "tests/simulation/links/bus_link.h"

#include <deque>
#include <optional>
#include <thread>

#include "common/base/mutex.h"
#include "common/contracts/lobby.h"
#include "tests/simulation/servers/boundary.h"

namespace mm::bus {

using simulation::EventServer;
using simulation::Nanoseconds;
using simulation::Servers;

namespace {

/// A request on its way. Owners: the caller, and the events of the simulation that deliver it and its replies.
struct Pending {
  std::optional<Reply<std::string>> reply;
  simulation::Fiber* caller = nullptr;  // nullptr: the caller does not wait any more
};

Nanoseconds late() { return Milliseconds(Servers::current().simulator.random().between(100, 15'000)); }

/// Requests that clients do not repeat, because they have no idempotency key: a late copy is a new request.
bool has_no_key(std::string_view subject) {
  return subject == CreateParty::kSubject.text || subject == JoinParty::kSubject.text ||
         subject == LeaveParty::kSubject.text || subject == SetReady::kSubject.text;
}

}  // namespace

Bus::Bus(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Bus::~Bus() = default;

Result<std::unique_ptr<Bus>, std::string> Bus::connect(const Options&, metrics::Registry&, Deadline) {
  return std::unique_ptr<Bus>(new Bus(std::unique_ptr<Impl>(new Impl{Servers::current().simulator.process()})));
}

Reply<std::string> Bus::request(std::string_view subject, std::string_view body, const Caller& caller,
                                Deadline deadline) {
  auto& servers = Servers::current();
  auto& simulator = servers.simulator;
  auto& random = simulator.random();
  simulation::at_boundary("request");
  if (!connected()) return refuse(Code::unavailable);
  if (servers.events.choose(subject) == nullptr) {
    simulator.sleep(servers.delay());
    return refuse(Code::unavailable);
  }
  // Owners: this call and the events that deliver the request.
  const auto pending = std::make_shared<Pending>();
  pending->caller = simulator.fiber();
  const auto answer = [pending, &servers](Reply<std::string> reply) {
    if (servers.simulator.random().chance(servers.faults.reply_lost)) return;
    servers.simulator.at(servers.delay(), [pending, &servers, reply = std::move(reply)]() mutable {
      if (pending->reply) return;
      pending->reply = std::move(reply);
      if (pending->caller != nullptr) servers.simulator.wake(pending->caller);
    });
  };
  const EventServer::Request request{std::string(body), caller, deadline.remaining(), answer};
  const bool once = has_no_key(subject);
  const int copies = !once && random.chance(servers.faults.request_twice) ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    if (random.chance(servers.faults.request_lost)) continue;
    const bool is_late = !once && (i > 0 || random.chance(servers.faults.request_late));
    const auto delay = servers.delay() + (is_late ? late() : Nanoseconds{0});
    simulator.at(delay, [&servers, request, name = std::string(subject)] {
      if (!servers.events.up()) return;
      if (auto* endpoint = servers.events.choose(name)) endpoint->deliver(request);
    });
  }
  const auto until = simulation::elapsed_at(simulator, deadline);
  while (!pending->reply && simulator.park(until)) continue;
  pending->caller = nullptr;
  simulation::at_boundary("request");
  if (!pending->reply) return refuse(Code::deadline_exceeded);
  return std::move(*pending->reply);
}

Result<Done, std::string> Bus::publish(std::string_view subject, std::string_view body) {
  if (!connected()) return fail(std::string("not connected"));
  auto& servers = Servers::current();
  servers.simulator.at(servers.delay(), [&servers, name = std::string(subject), text = std::string(body)] {
    if (servers.events.up()) servers.events.publish(name, text);
  });
  return Done{};
}

Result<Stored, std::string> Bus::store(std::string_view subject, std::string_view body, const std::string& message_id,
                                       const trace::Context& trace, Deadline deadline) {
  return store_all({{subject, std::string(body), message_id, trace}}, deadline).front();
}

std::vector<Result<Stored, std::string>> Bus::store_all(const std::vector<Outgoing>& events, Deadline) {
  auto& servers = Servers::current();
  auto& simulator = servers.simulator;
  auto& random = simulator.random();
  std::vector<Result<Stored, std::string>> results;
  simulation::at_boundary("store");
  for (const auto& event : events) {
    if (results.empty() || random.chance(0.2)) simulator.sleep(servers.delay());
    if (!connected() || random.chance(servers.faults.event_lost)) {
      results.push_back(fail(std::string("not stored")));
      continue;
    }
    const auto stored =
        servers.events.store(std::string(event.subject), event.body, event.message_id, simulator.true_time());
    servers.trace.add("stream " + std::string(event.subject) + ' ' + event.message_id);
    if (random.chance(servers.faults.event_ack_lost)) results.push_back(fail(std::string("no confirmation")));
    else results.push_back(Stored{stored.sequence, stored.duplicate, servers.events.id()});
  }
  simulator.sleep(servers.delay());
  simulation::at_boundary("store");
  return results;
}

bool Bus::connected() const { return Servers::current().events.up() && impl_->process.linked_to_bus; }
std::uint64_t Bus::reconnections() const { return 0; }
bool Bus::closed() const { return false; }
bool Bus::refused() const { return false; }
std::vector<std::string> Bus::missing_consumers() const { return {}; }
std::string Bus::server_id() const { return connected() ? Servers::current().events.id() : std::string(); }
void Bus::count_undecodable(std::string_view) {}

struct Subscription::Impl {
  Impl(Bus& bus, const std::string& subject, Handler handle_in)
      : handle(std::move(handle_in)), thread([this] { run(); }) {
    number = Servers::current().events.subscribe(
        {&bus.impl().process, subject, [this](const std::string& of, const std::string& body) {
           const MutexLock lock(mutex);
           events.emplace_back(of, body);
           arrived.notify_one();
         }});
  }
  ~Impl() {
    Servers::current().events.unsubscribe(number);
    {
      const MutexLock lock(mutex);
      stopping = true;
    }
    arrived.notify_one();
    thread.join();
  }

  void run() {
    MutexLock lock(mutex);
    while (true) {
      arrived.wait(lock, [this] { return stopping || !events.empty(); });
      if (stopping) return;
      const auto [subject, body] = std::move(events.front());
      events.pop_front();
      lock.unlock();
      handle(subject, body);
      lock.lock();
    }
  }

  const Handler handle;
  Mutex mutex;
  Condition arrived;
  std::deque<std::pair<std::string, std::string>> events;
  bool stopping = false;
  std::uint64_t number = 0;
  std::thread thread;
};

Subscription::Subscription(Bus& bus, const std::string& subject, const std::string&, Handler handler)
    : impl_(std::make_unique<Impl>(bus, subject, std::move(handler))) {}
Subscription::~Subscription() = default;

}  // namespace mm::bus
