// The daemon harness. It runs a service's main, which is one statement:
//
//   int main(int argc, char** argv) { return mm::run_daemon<mm::lobby::Service>(argc, argv); }
//
// The harness reads the settings, starts logging and the admin server (/metrics, /livez, /readyz on MM_ADMIN_PORT),
// connects to NATS, and constructs the Service, which opens its stores, then subscribes, and is ready afterwards. On
// SIGTERM or SIGINT it marks the daemon unready, destroys the Service and exits 0. The Service's last members are its
// subscriptions, so they are destroyed first and finish their current work. A second signal ends the process
// immediately.
//
// Readiness conditions of the harness itself: started, draining, nats, nats_permissions (nats-server refused a subject
// that the daemon needs), consumers (a consumer that the daemon needs does not exist), jetstream (JetStream does not
// store what the daemon publishes; common/bus/jetstream_watch.h).
//
// Exit status (common/runtime/start_errors.h): 0 stopped; 64 wrong arguments (--help, --version and --check are
// accepted); 69 a dependency is not available (NATS for 30 s, the admin port, Unavailable thrown by the Service's
// constructor); 70 the constructor threw another exception; 78 wrong settings or credentials, or the constructor threw
// StartRefused. SIGPIPE is ignored and core files are disabled. Child processes inherit blocked stop signals and must
// reset their signal mask.
//
// A Service has:  static constexpr std::string_view kName;  struct Settings (with describe);
//                 Service(const Settings&, Runtime&);  a destructor that returns within kDrainTimeout.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/bus/bus.h"
#include "common/runtime/credentials.h"
#include "common/runtime/health.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "common/runtime/settings.h"

namespace mm {

/// The resources that the harness passes to a Service. It outlives the Service.
struct Runtime {
  std::string name;      ///< "lobby"
  std::string instance;  ///< "lobby-1": MM_INSTANCE, unique in the deployment
  const Clock& clock;
  const runtime::Credentials& credentials;
  metrics::Registry& metrics;
  runtime::Health& health;
  bus::Bus& bus;
  const std::atomic<bool>* stopping = nullptr;  ///< true once the daemon is to stop; null in tests
};

namespace daemon {

inline constexpr Milliseconds kDrainTimeout{5'000};

/// Settings that every daemon has.
struct DaemonSettings {
  std::string nats_url = "nats://127.0.0.1:4222";  ///< without a password
  std::string nats_user;                           ///< MM_NATS_USER; empty: the daemon's name
  std::string credentials_dir;                     ///< empty: no secrets (tests)
  std::string instance;                            ///< empty: name-1
  std::string admin_address = "127.0.0.1";
  int admin_port = 0;  ///< 0: any free port
  std::string log_level = "info";
};

template <class F>
void describe(F& f, DaemonSettings& s) {
  using namespace fields;
  f("MM_NATS_URL", s.nats_url, Optional{});
  f("MM_NATS_USER", s.nats_user, Optional{});
  f("MM_CREDENTIALS_DIR", s.credentials_dir, Optional{});
  f("MM_INSTANCE", s.instance, Optional{});
  f("MM_ADMIN_ADDRESS", s.admin_address, Optional{});
  f("MM_ADMIN_PORT", s.admin_port, Optional{}, InRange{0, 65535});
  f("MM_LOG_LEVEL", s.log_level, Optional{});
}

/// The part of run_daemon that does not depend on the Service's type. `read` reads the service's settings. `make`
/// constructs the Service; destroying the returned pointer drains it.
int run(std::string_view name, int argc, char** argv, const std::function<void(runtime::SettingsReader&)>& read,
        const std::function<std::shared_ptr<void>(Runtime&)>& make);

}  // namespace daemon

template <class Service>
int run_daemon(int argc, char** argv) {
  typename Service::Settings settings;
  return daemon::run(
      Service::kName, argc, argv, [&](runtime::SettingsReader& reader) { describe(reader, settings); },
      [&](Runtime& runtime) -> std::shared_ptr<void> { return std::make_shared<Service>(settings, runtime); });
}

}  // namespace mm
