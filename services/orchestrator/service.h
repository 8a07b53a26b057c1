// The orchestrator daemon: allocates one slot on a game server to each match, and releases it.
//
// With the process provider, only the instance that holds the lock of the runtime folder serves. Other instances are
// standbys: they are ready, try to get the lock every 100 ms, and take over when the holder has ended.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/mutex.h"
#include "common/bus/server.h"
#include "common/daemon/daemon.h"
#include "common/runtime/periodic_task.h"
#include "services/orchestrator/runtime_folder.h"
#include "services/orchestrator/sweeper.h"

namespace mm::runtime {
class SettingsCheck;
}

namespace mm::orchestrator {

enum class ProviderKind { process, none };

struct Settings {
  std::string postgres_url;
  ProviderKind provider = ProviderKind::process;
  int max_servers = 8;
  int game_seconds = 15;
  std::string game_server_program;  ///< empty: game_server in the folder of this program
  int game_port_first = 0;          ///< 0: any free ports
  int game_port_count = 100;
  std::string game_address = "127.0.0.1";
  std::string gateway_url = "http://127.0.0.1:8080";
  std::string runtime_dir;
};

}  // namespace mm::orchestrator

template <>
struct mm::EnumText<mm::orchestrator::ProviderKind> {
  static constexpr std::array<std::pair<mm::orchestrator::ProviderKind, std::string_view>, 2> kAll{{
      {mm::orchestrator::ProviderKind::process, "process"},
      {mm::orchestrator::ProviderKind::none, "none"},
  }};
};

namespace mm::orchestrator {

template <class F>
void describe(F& f, Settings& s) {
  using namespace fields;
  f("MM_POSTGRES_URL", s.postgres_url);
  f("MM_PROVIDER", s.provider, Optional{});
  f("MM_MAX_SERVERS", s.max_servers, Optional{}, InRange{1, 256});
  f("MM_GAME_SECONDS", s.game_seconds, Optional{}, InRange{1, 14'400});
  f("MM_GAME_SERVER_PROGRAM", s.game_server_program, Optional{});
  f("MM_GAME_PORT_FIRST", s.game_port_first, Optional{}, InRange{0, 65'535});
  f("MM_GAME_PORT_COUNT", s.game_port_count, Optional{}, InRange{1, 10'000});
  f("MM_GAME_ADDRESS", s.game_address, Optional{});
  f("MM_GATEWAY_URL", s.gateway_url, Optional{});
  f("MM_RUNTIME_DIR", s.runtime_dir, Optional{});
}

/// Checks that the program is executable and that the address is one IPv4 address.
void check_settings(const Settings& settings, runtime::SettingsCheck& check);

class Service {
 public:
  static constexpr std::string_view kName = "orchestrator";
  using Settings = orchestrator::Settings;

  Service(const Settings& settings, Runtime& runtime, const Timing& timing = {});
  ~Service();

 private:
  /// What only a serving instance has.
  struct Duty;

  void take_over(std::unique_ptr<Provider> provider);
  /// Returns the time until the next attempt.
  Milliseconds try_to_take_over();
  bool has_game_servers();

  /// Both idempotent by match_id, and only for daemons.
  Reply<Allocation> allocate(Placement& placement, const AllocateServer& request, const bus::Context& context);
  Reply<Released> release(Placement& placement, const ReleaseServer& request, const bus::Context& context);

  const Settings settings_;
  const Timing timing_;
  Runtime& runtime_;
  Metrics metrics_;
  std::unique_ptr<storage::Postgres> postgres_;
  Store store_;
  std::optional<RuntimeFolder> folder_;  // of a standby; used only by standby_
  Mutex mutex_;
  std::unique_ptr<Duty> duty_ GUARDED_BY(mutex_);  // null: this instance is a standby
  std::optional<runtime::PeriodicTask> standby_;   // last: it uses all other members
};

}  // namespace mm::orchestrator
