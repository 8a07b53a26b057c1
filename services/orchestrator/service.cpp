#include "services/orchestrator/service.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/daemon/startup.h"
#include "common/runtime/log.h"
#include "common/runtime/settings_check.h"
#include "common/storage/postgres.h"
#include "services/orchestrator/process_provider.h"

namespace mm::orchestrator {
namespace {

constexpr Milliseconds kTakeOverInterval{100};
/// There is nothing more to do.
constexpr Milliseconds kNever{24 * 3'600'000LL};
/// Workers mostly wait for the answers of game servers.
constexpr int kWorkers = 8;
constexpr int kDatabaseConnections = kWorkers + 2;

std::string program_of(const Settings& settings) {
  if (!settings.game_server_program.empty()) return settings.game_server_program;
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "game_server";
}

RuntimeFolder open_folder(const Settings& settings) {
  if (settings.runtime_dir.empty())
    daemon::refuse_to_start("MM_RUNTIME_DIR", "it is missing: the process provider needs it");
  auto folder = RuntimeFolder::open(settings.runtime_dir);
  if (!folder) daemon::refuse_to_start("MM_RUNTIME_DIR", folder.error());
  return *std::move(folder);
}

ProcessSettings process_settings(const Settings& settings) {
  ProcessSettings process;
  process.program = program_of(settings);
  if (!std::filesystem::exists(process.program))
    daemon::refuse_to_start("MM_GAME_SERVER_PROGRAM", process.program + " does not exist");
  process.max_servers = settings.max_servers;
  process.address = settings.game_address;
  process.port_first = settings.game_port_first;
  process.port_count = settings.game_port_count;
  process.game_seconds = settings.game_seconds;
  return process;
}

bus::ServerOptions server_options() {
  bus::ServerOptions options;
  options.name = Service::kName;
  options.description = "Allocates game servers to matches";
  options.workers = kWorkers;
  return options;
}

// A literal IPv4 address other than 0.0.0.0: servers listen on it, and players get it in `server_endpoint`.
bool is_single_address(const std::string& text) {
  in_addr parsed{};
  return ::inet_pton(AF_INET, text.c_str(), &parsed) == 1 && parsed.s_addr != INADDR_ANY;
}

}  // namespace

void check_settings(const Settings& settings, runtime::SettingsCheck& check) {
  if (settings.provider == ProviderKind::none) return;
  const auto program = program_of(settings);
  std::error_code error;
  const bool is_file = std::filesystem::is_regular_file(program, error);
  if (!is_file) check.refuse("MM_GAME_SERVER_PROGRAM", "there is no such file: it must be the path of a program");
  if (is_file && ::access(program.c_str(), X_OK) != 0) {
    check.refuse("MM_GAME_SERVER_PROGRAM", "it may not be executed: chmod +x " + program);
  }
  if (!is_single_address(settings.game_address)) {
    check.refuse("MM_GAME_ADDRESS",
                 "it must be the IPv4 address of this machine at which players reach it, like 127.0.0.1");
  }
}

struct Service::Duty {
  Duty(Service& service, std::unique_ptr<Provider> the_provider)
      : provider(std::move(the_provider)),
        placement(service.store_, *provider, service.runtime_.bus, service.settings_.gateway_url, service.metrics_),
        sweeper(service.store_, *provider, placement, service.runtime_.bus, service.timing_, service.metrics_),
        server(service.runtime_.bus, server_options(), service.runtime_.metrics) {
    server.serve<AllocateServer>([this, &service](const AllocateServer& request, const bus::Context& context) {
      return service.allocate(placement, request, context);
    });
    server.serve<ReleaseServer>([this, &service](const ReleaseServer& request, const bus::Context& context) {
      return service.release(placement, request, context);
    });
    server.start();
  }

  const std::unique_ptr<Provider> provider;
  Placement placement;
  Sweeper sweeper;
  bus::Server server;  // last, so that no request runs when other members are destroyed
};

Service::Service(const Settings& settings, Runtime& runtime, const Timing& timing)
    : settings_(settings),
      timing_(timing),
      runtime_(runtime),
      metrics_(runtime.metrics),
      // Session checks whether the same server is durable.
      postgres_(daemon::open_postgres(runtime, {.url = settings.postgres_url,
                                                .schema = "orchestrator",
                                                .connections = kDatabaseConnections,
                                                .allow_weak = true})),
      store_(*postgres_) {
  runtime.health.probe("postgres", [this] { return postgres_->refusal(); });
  runtime.health.probe("game_servers", [this] { return has_game_servers(); });
  if (settings.provider == ProviderKind::none) {
    take_over(std::make_unique<NoProvider>());
    return;
  }
  (void)process_settings(settings);  // refuses wrong settings at the start of a standby
  folder_.emplace(open_folder(settings));
  if (try_to_take_over() == kNever) return;
  runtime.health.set_standby(true);
  log::info("standby_started");
  standby_.emplace([this] { return try_to_take_over(); });
}

Service::~Service() = default;

Milliseconds Service::try_to_take_over() {
  if (!folder_) return kNever;
  if (!folder_->lock()) return kTakeOverInterval;
  auto folder = *std::exchange(folder_, std::nullopt);
  take_over(
      std::make_unique<ProcessProvider>(process_settings(settings_), std::move(folder), runtime_.clock, metrics_));
  return kNever;
}

void Service::take_over(std::unique_ptr<Provider> provider) {
  auto duty = std::make_unique<Duty>(*this, std::move(provider));
  {
    const MutexLock lock(mutex_);
    duty_ = std::move(duty);
  }
  if (runtime_.health.is_standby()) log::info("standby_took_over");
  runtime_.health.set_standby(false);
}

bool Service::has_game_servers() {
  const MutexLock lock(mutex_);
  return !duty_ || duty_->provider->ready();
}

Reply<Allocation> Service::allocate(Placement& placement, const AllocateServer& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  const auto start = std::chrono::steady_clock::now();
  auto answer = placement.allocate(request, context.deadline);
  metrics_.allocate.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return answer;
}

Reply<Released> Service::release(Placement& placement, const ReleaseServer& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  return placement.release(request.match_id, context.deadline);
}

}  // namespace mm::orchestrator
