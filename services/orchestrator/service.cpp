#include "services/orchestrator/service.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/daemon/startup.h"
#include "common/daemon/wait_until.h"
#include "common/runtime/log.h"
#include "common/runtime/settings_check.h"
#include "common/storage/postgres.h"
#include "services/orchestrator/process_provider.h"

namespace mm::orchestrator {
namespace {

constexpr Milliseconds kFolderTimeout{30'000};
/// Workers mostly wait for the answers of game servers.
constexpr int kWorkers = 8;
constexpr int kDatabaseConnections = kWorkers + 2;

std::string program_of(const Settings& settings) {
  if (!settings.game_server_program.empty()) return settings.game_server_program;
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "game_server";
}

// Waits until a predecessor that is still shutting down has released the folder.
RuntimeFolder open_folder(const Settings& settings, const Runtime& runtime) {
  if (settings.runtime_dir.empty())
    daemon::refuse_to_start("MM_RUNTIME_DIR", "it is missing: the process provider needs it");
  auto folder = RuntimeFolder::open(settings.runtime_dir);
  if (!folder) daemon::refuse_to_start("MM_RUNTIME_DIR", folder.error());
  const auto attempt = [&]() -> Result<Done, std::string> {
    if (folder->lock()) return Done{};
    return fail(std::string("another orchestrator holds the runtime folder"));
  };
  daemon::wait_until(runtime, "runtime_folder", attempt, Deadline::after(kFolderTimeout));
  return *std::move(folder);
}

std::unique_ptr<Provider> make_provider(const Settings& settings, const Runtime& runtime, Metrics& metrics) {
  if (settings.provider == ProviderKind::none) return std::make_unique<NoProvider>();
  ProcessSettings process;
  process.program = program_of(settings);
  if (!std::filesystem::exists(process.program))
    daemon::refuse_to_start("MM_GAME_SERVER_PROGRAM", process.program + " does not exist");
  process.max_servers = settings.max_servers;
  process.address = settings.game_address;
  process.port_first = settings.game_port_first;
  process.port_count = settings.game_port_count;
  process.game_seconds = settings.game_seconds;
  return std::make_unique<ProcessProvider>(process, open_folder(settings, runtime), runtime.clock, metrics);
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

Service::Service(const Settings& settings, Runtime& runtime, const Timing& timing)
    : metrics_(runtime.metrics),
      // Session checks whether the same server is durable.
      postgres_(daemon::open_postgres(runtime, {.url = settings.postgres_url,
                                                .schema = "orchestrator",
                                                .connections = kDatabaseConnections,
                                                .allow_weak = true})),
      store_(*postgres_),
      provider_(make_provider(settings, runtime, metrics_)),
      placement_(store_, *provider_, runtime.bus, settings.gateway_url, metrics_),
      sweeper_(store_, *provider_, placement_, runtime.bus, timing, metrics_),
      server_(runtime.bus, server_options(), runtime.metrics) {
  runtime.health.probe("postgres", [this] { return postgres_->reachable(); });
  runtime.health.probe("game_servers", [this] { return provider_->ready(); });
  server_.serve<AllocateServer>([this](const AllocateServer& r, const bus::Context& c) { return allocate(r, c); });
  server_.serve<ReleaseServer>([this](const ReleaseServer& r, const bus::Context& c) { return release(r, c); });
  server_.start();
}

Service::~Service() = default;

Reply<Allocation> Service::allocate(const AllocateServer& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  const auto start = std::chrono::steady_clock::now();
  auto answer = placement_.allocate(request, context.deadline);
  metrics_.allocate.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  return answer;
}

Reply<Released> Service::release(const ReleaseServer& request, const bus::Context& context) {
  if (context.caller.role != Role::service) return refuse(Code::forbidden);
  return placement_.release(request.match_id, context.deadline);
}

}  // namespace mm::orchestrator
