// Replaces common/bus/consumer.cpp in the simulation: the same class, whose events come from the simulated streams. As
// there, one thread handles events in order, in batches where the service asks for batches.
#include "common/bus/consumer.h"

#include <map>
#include <thread>

#include "common/base/mutex.h"
#include "tests/simulation/links/bus_link.h"

namespace mm::bus {

using simulation::EventServer;
using simulation::Servers;

struct Consumer::Impl {
  struct Batch {
    std::size_t limit = 1;
    RawBatchHandler handler;
  };

  Impl(Bus& b, Stream s, ConsumerOptions o) : bus(b), stream(s.name), options(std::move(o)) {}

  void run();
  void handle(const std::vector<EventServer::Event>& events);
  std::vector<Ack> decide(const std::vector<EventServer::Event>& events);
  void finish(const EventServer::Event& event, Ack ack);
  bool is_stopping() {
    const MutexLock lock(mutex);
    return stopping;
  }

  Bus& bus;
  const std::string stream;
  const ConsumerOptions options;
  std::map<std::string, RawHandler> handlers;
  std::map<std::string, Batch> batch_handlers;
  Mutex mutex;
  bool stopping = false;
  std::thread thread;
};

Consumer::Consumer(Bus& bus, Stream stream, ConsumerOptions options, metrics::Registry&)
    : impl_(std::make_unique<Impl>(bus, stream, std::move(options))) {}

Consumer::~Consumer() {
  {
    const MutexLock lock(impl_->mutex);
    impl_->stopping = true;
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

// Only dead letters show the text, and no event of the simulation becomes one.
std::string Consumer::flaw_of(const Problem& problem) { return problem.detail; }

void Consumer::on_raw(std::string subject, RawHandler handler) {
  impl_->handlers.insert_or_assign(std::move(subject), std::move(handler));
}

void Consumer::on_batch_raw(std::string subject, std::size_t limit, RawBatchHandler handler) {
  impl_->batch_handlers.insert_or_assign(std::move(subject), Impl::Batch{limit, std::move(handler)});
}

void Consumer::start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->run(); });
}

void Consumer::Impl::run() {
  constexpr Milliseconds kMostWait{1'000};
  auto& servers = Servers::current();
  auto& simulator = servers.simulator;
  while (!is_stopping()) {
    auto events = bus.connected() ? servers.events.pull(stream, options.name, static_cast<std::size_t>(options.batch))
                                  : std::vector<EventServer::Event>{};
    if (events.empty()) {
      servers.events.wait_for_event(simulator.elapsed() + kMostWait);
      continue;
    }
    simulator.sleep(servers.delay());
    // An event that is late comes after later ones.
    std::vector<EventServer::Event> together;
    for (auto& event : events) {
      if (simulator.random().chance(servers.faults.event_late)) {
        servers.events.retry(stream, options.name, event.sequence, Milliseconds(simulator.random().between(20, 8'000)));
        continue;
      }
      const auto batch = batch_handlers.find(event.subject);
      const bool fits = !together.empty() && together.front().subject == event.subject &&
                        batch != batch_handlers.end() && together.size() < batch->second.limit;
      if (!fits) handle(std::exchange(together, {}));
      together.push_back(std::move(event));
    }
    handle(together);
  }
}

void Consumer::Impl::handle(const std::vector<EventServer::Event>& events) {
  if (events.empty()) return;
  const auto acks = decide(events);
  for (std::size_t i = 0; i < events.size(); ++i) finish(events[i], acks[i]);
}

std::vector<Ack> Consumer::Impl::decide(const std::vector<EventServer::Event>& events) {
  const auto& subject = events.front().subject;
  const auto info = [](const EventServer::Event& event) {
    return EventInfo{event.sequence, event.deliveries, event.stored_at};
  };
  if (const auto batch = batch_handlers.find(subject); batch != batch_handlers.end()) {
    std::vector<RawEvent> raw;
    for (const auto& event : events) raw.push_back({event.body, info(event), {}});
    return batch->second.handler(raw);
  }
  const auto one = handlers.find(subject);
  if (one == handlers.end()) return std::vector<Ack>(events.size(), Ack::done);
  std::vector<Ack> acks;
  for (const auto& event : events) {
    RawEvent raw{event.body, info(event), {}};
    acks.push_back(one->second(raw));
  }
  return acks;
}

// The acknowledgement can be lost, like every message. Then the event is delivered again.
void Consumer::Impl::finish(const EventServer::Event& event, Ack ack) {
  constexpr Milliseconds kFirstPause{200};
  constexpr Milliseconds kMaxPause{5'000};
  auto& servers = Servers::current();
  auto& random = servers.simulator.random();
  if (!bus.connected()) return;
  if (ack == Ack::retry) {
    const auto pause = std::min(kFirstPause * (1 << std::min(event.deliveries, 5)), kMaxPause);
    return servers.events.retry(stream, options.name, event.sequence, pause);
  }
  check(ack == Ack::done, "a consumer rejects an event of the simulation");
  if (random.chance(servers.faults.event_again)) {
    return servers.events.retry(stream, options.name, event.sequence, Milliseconds(random.between(0, 20'000)));
  }
  servers.events.acknowledge(stream, options.name, event.sequence);
}

}  // namespace mm::bus
