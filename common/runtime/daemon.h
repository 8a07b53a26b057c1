// The daemon harness: a service's main is one statement,
//
//   int main(int argc, char** argv) { return mm::run_daemon<mm::lobby::Service>(argc, argv); }
//
// It reads the settings, starts logging and the admin server (/metrics, /livez, /readyz on MM_ADMIN_PORT), connects
// to NATS, constructs the Service (which opens its stores, then subscribes; from then on it is ready), waits for
// SIGTERM or SIGINT, marks the daemon unready, destroys the Service (whose last members, the subscriptions, go first:
// they finish what is under way) and exits 0. A second signal ends it at once.
//
// Conditions of its own for /readyz: started, draining, nats, nats_permissions (nats-server refused a subject that the
// daemon needs), consumers (one that the daemon needs is missing).
//
// Exit status: 0 stopped; 64 wrong arguments (only --help and --version are known); 69 something it needs is not
// there (NATS for 30 s, the admin port, runtime::Unavailable thrown by the Service's constructor); 70 the constructor
// threw something else; 78 wrong settings or credentials. SIGPIPE is ignored and core files are off; child processes
// inherit blocked stop signals and must reset their mask.
//
// A Service has:  static constexpr std::string_view kName;  struct Settings (with describe);
//                 Service(const Settings&, Runtime&);  a destructor that returns within kDrainTime.
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

/// What the harness hands to a Service. Lives longer than it.
struct Runtime {
  std::string name;       ///< "lobby"
  std::string instance;   ///< "lobby-1": MM_INSTANCE, unique in the stack
  const Clock& clock;
  const runtime::Credentials& credentials;
  metrics::Registry& metrics;
  runtime::Health& health;
  bus::Bus& bus;
  const std::atomic<bool>* stopping = nullptr;  ///< true once the daemon is to end; null in tests
};

namespace runtime {

inline constexpr Milliseconds kDrainTime{5'000};

/// Settings of every daemon.
struct DaemonSettings {
  std::string nats_url = "nats://127.0.0.1:4222";  ///< without a password
  std::string nats_user;          ///< MM_NATS_USER; empty: the daemon's name
  std::string credentials_dir;    ///< empty: no secrets (tests)
  std::string instance;           ///< empty: name-1
  std::string admin_address = "127.0.0.1";
  int admin_port = 0;             ///< 0: any free port
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

/// Everything of run_daemon that does not depend on the Service's type. `read` fills the service's settings from
/// the reader; `make` constructs it, and destroying what it returns drains it.
int run(std::string_view name, int argc, char** argv, const std::function<void(SettingsReader&)>& read,
        const std::function<std::shared_ptr<void>(Runtime&)>& make);

}  // namespace runtime

template <class Service>
int run_daemon(int argc, char** argv) {
  typename Service::Settings settings;
  return runtime::run(
      Service::kName, argc, argv, [&](runtime::SettingsReader& reader) { describe(reader, settings); },
      [&](Runtime& runtime) -> std::shared_ptr<void> { return std::make_shared<Service>(settings, runtime); });
}

}  // namespace mm
