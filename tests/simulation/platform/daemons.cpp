#include "tests/simulation/platform/daemons.h"

#include <memory>
#include <string>

#include "services/lobby/service.h"
#include "services/matchmaker/service.h"
#include "services/profile/service.h"
#include "services/session/service.h"

namespace mm::simulation {
namespace {

/// What the harness of a daemon makes (common/daemon/daemon.h). It lives as long as the process, which may be killed at
/// any time, so nobody destroys it.
template <class Service>
struct Parts {
  template <class... More>
  Parts(const std::string& name, const std::string& instance, const typename Service::Settings& settings,
        const More&... more)
      : bus(*bus::Bus::connect({}, metrics, Deadline::after(Milliseconds{1'000}))),
        runtime{name, instance, clock, credentials, metrics, health, *bus},
        service(std::make_unique<Service>(settings, runtime, more...)) {}

  metrics::Registry metrics;
  runtime::Health health;
  const runtime::Credentials credentials{""};
  const SystemClock clock;
  const std::unique_ptr<bus::Bus> bus;
  Runtime runtime;
  std::unique_ptr<Service> service;
};

/// Returns a function that shuts the daemon down. `more`: further arguments of the Service.
template <class Service, class... More>
std::function<void()> run_service(const std::string& name, const std::string& instance,
                                  const typename Service::Settings& settings, const More&... more) {
  auto* parts = new Parts<Service>(name, instance, settings, more...);
  return [parts] {
    parts->health.pause_probes();
    parts->service.reset();
  };
}

/// Shorter times than those of production, so that matches are cancelled within the faulty time.
session::Timing short_timing() {
  session::Timing timing;
  timing.allocation_timeout = Milliseconds{5'000};
  timing.heartbeat_timeout = Milliseconds{7'000};
  return timing;
}

const char* name_of(DaemonKind kind) {
  switch (kind) {
    case DaemonKind::matchmaker: return "matchmaker";
    case DaemonKind::session: return "session";
    case DaemonKind::profile: return "profile";
    case DaemonKind::lobby: return "lobby";
    case DaemonKind::orchestrator: break;
  }
  return "orchestrator";
}

}  // namespace

void Daemons::start(DaemonKind kind, int instance) {
  auto& daemon = daemons_[{kind, instance}];
  if (daemon.process != nullptr && daemon.process->alive) return;
  const auto name = std::string(name_of(kind)) + '-' + std::to_string(instance + 1);
  daemon.process =
      &servers_.simulator.add_process(name + (daemon.starts > 0 ? '.' + std::to_string(daemon.starts) : ""));
  ++daemon.starts;
  daemon.shut_down = nullptr;
  run(kind, instance, daemon);
}

void Daemons::run(DaemonKind kind, int instance, Daemon& daemon) {
  if (kind == DaemonKind::orchestrator) return games_.serve(*daemon.process);
  auto* const process = daemon.process;
  servers_.simulator.start(*process, [this, kind, instance, process, &daemon] {
    const std::string name = name_of(kind);
    const auto instance_name = name + '-' + std::to_string(instance + 1);
    std::function<void()> shut_down;
    if (kind == DaemonKind::matchmaker) {
      matchmaker::Settings settings;
      settings.plan_threads = 1;
      shut_down = run_service<matchmaker::Service>(name, instance_name, settings);
    } else if (kind == DaemonKind::session) {
      shut_down = run_service<session::Service>(name, instance_name, session::Settings{}, short_timing());
    } else if (kind == DaemonKind::profile) {
      shut_down = run_service<profile::Service>(name, instance_name, profile::Settings{});
    } else {
      shut_down = run_service<lobby::Service>(name, instance_name, lobby::Settings{});
    }
    if (daemon.process == process) daemon.shut_down = std::move(shut_down);
  });
}

Process* Daemons::process(DaemonKind kind, int instance) const {
  const auto found = daemons_.find({kind, instance});
  return found == daemons_.end() || !found->second.process->alive ? nullptr : found->second.process;
}

void Daemons::kill(DaemonKind kind, int instance) {
  if (auto* running = process(kind, instance)) servers_.simulator.kill(*running);
}

void Daemons::stop(DaemonKind kind, int instance) {
  auto* const running = process(kind, instance);
  if (running == nullptr) return;
  auto shut_down = daemons_.at({kind, instance}).shut_down;
  if (!shut_down) return servers_.simulator.kill(*running);
  servers_.simulator.start(*running, [this, running, shut_down] {
    shut_down();
    servers_.simulator.kill(*running);
  });
}

void Daemons::heal() {
  for (auto& [key, daemon] : daemons_) {
    if (!daemon.process->alive) start(key.first, key.second);
    servers_.simulator.resume(*daemon.process);
    daemon.process->linked_to_queue = true;
    daemon.process->linked_to_bus = true;
    daemon.process->linked_to_database = true;
  }
}

}  // namespace mm::simulation
