// A daemon of a test: its real Service in the process of the test, or the program in a process of its own.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/bus/bus.h"
#include "common/daemon/daemon.h"
#include "common/testing/servers.h"

namespace mm::testing {

inline const SystemClock kSystemClock;

struct DaemonOptions {
  std::string instance;  ///< "lobby-1"
  const Clock& clock = kSystemClock;
  std::string credentials{};  ///< folder; empty: that of the daemon (credentials_of)
};

/// What a Service in the test's process runs on: everything of a Daemon that does not depend on the Service.
class DaemonBase {
 public:
  DaemonBase(const DaemonBase&) = delete;
  DaemonBase& operator=(const DaemonBase&) = delete;

  bool ready() const { return health_.ready(); }
  const runtime::Health& health() const { return health_; }
  /// The value of a series, such as `mm_bus_requests_total{subject="x"}`; 0 if it is not exposed.
  double metric(const std::string& series) const;

 protected:
  DaemonBase(std::string_view name, const OwnNats& nats, const DaemonOptions& options);
  ~DaemonBase() = default;

  metrics::Registry metrics_;
  runtime::Health health_;
  const runtime::Credentials credentials_;
  const std::unique_ptr<bus::Bus> bus_;
  Runtime runtime_;
};

/// One instance of a daemon in the test's process, without the daemon's admin port.
template <class Service>
class Daemon : public DaemonBase {
 public:
  /// `more`: arguments of the Service behind its settings and runtime.
  template <class Settings, class... More>
  Daemon(const OwnNats& nats, const Settings& settings, const DaemonOptions& options, const More&... more)
      : DaemonBase(Service::kName, nats, options), service_(std::make_unique<Service>(settings, runtime_, more...)) {}
  ~Daemon() { stop(); }

  /// Shuts the Service down, as SIGTERM does. Health and metrics stay.
  void stop() {
    health_.pause_probes();
    service_.reset();
  }
  const Service& service() const { return *service_; }

 private:
  std::unique_ptr<Service> service_;
};

/// The path of a program that this build has made, such as "matchmaker".
std::string built_program(const std::string& name);

/// A daemon in a process of its own, with its secrets in MM_CREDENTIALS_DIR. Killed when the object is destroyed.
class DaemonProcess {
 public:
  /// `settings`: "MM_NATS_URL=…"; `output`: the file that its log is appended to.
  DaemonProcess(const std::string& name, std::vector<std::string> settings, const std::string& output = "/dev/null");
  ~DaemonProcess() { kill(); }
  DaemonProcess(const DaemonProcess&) = delete;
  DaemonProcess& operator=(const DaemonProcess&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  void freeze() const;  ///< SIGSTOP to the process and its descendants
  void thaw() const;    ///< SIGCONT to the same
  void kill();          ///< SIGKILL to the process and its descendants, and waits for their end
  int end(int number);  ///< sends the signal to the process alone and waits for the end; the exit status

 private:
  pid_t pid_ = 0;
};

}  // namespace mm::testing
