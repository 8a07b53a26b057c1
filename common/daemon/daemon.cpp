#include "common/daemon/daemon.h"

#include <signal.h>
#include <sys/resource.h>

#include <cstdio>

#include "common/bus/jetstream_watch.h"
#include "common/contracts/bus_rights.h"
#include "common/daemon/admin_server.h"
#include "common/daemon/process_metrics.h"
#include "common/daemon/stop_signals.h"
#include "common/daemon/wait_until.h"
#include "common/runtime/check_secrets.h"
#include "common/runtime/start_errors.h"
#include "common/wire/json.h"

namespace mm::daemon {
namespace {

constexpr Milliseconds kNatsTimeout{30'000};
constexpr Milliseconds kPortTimeout{300'000};
constexpr Milliseconds kHealthInterval{250};

std::string help_text(std::string_view name, const runtime::SettingsReader& reader) {
  std::string text =
      "usage: " + std::string(name) + " [--help | --version | --check]\n\nSettings, from the environment:\n";
  for (const auto& setting : reader.known()) {
    text += "  " + setting.name + (setting.required ? " (required)" : " (default " + setting.default_json + ")");
    if (setting.range) {
      char range[64];
      std::snprintf(range, sizeof range, ", %g to %g", setting.range->min, setting.range->max);
      text += range;
    }
    text += '\n';
  }
  return text + "\nSecrets come from files in MM_CREDENTIALS_DIR.\n";
}

// The exit status if the arguments end the program immediately.
std::optional<int> read_arguments(std::string_view name, int argc, char** argv, const runtime::SettingsReader& reader) {
  if (argc <= 1) return std::nullopt;
  const std::string_view argument(argv[1]);
  if (argc == 2 && argument == "--version") {
    std::printf("%s %s\n", std::string(name).c_str(), MM_VERSION);
    return 0;
  }
  if (argc == 2 && argument == "--help") {
    std::fputs(help_text(name, reader).c_str(), stdout);
    return 0;
  }
  std::fprintf(stderr, "%s accepts only the arguments --help, --version and --check\n", std::string(name).c_str());
  return runtime::kExitUsage;
}

void harden_process() {
  ::signal(SIGPIPE, SIG_IGN);
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

AdminAnswer readiness(const runtime::Health& health) {
  const auto failures = health.failures();
  json::Writer writer;
  writer.begin_object();
  writer.key("ready");
  writer.boolean(failures.empty());
  writer.key("failing");
  writer.begin_array();
  for (const auto& failure : failures) writer.string(failure.name);
  writer.end_array();
  writer.key("reasons");
  writer.begin_object();
  for (const auto& failure : failures) {
    if (failure.reason.empty()) continue;
    writer.key(failure.name);
    writer.string(failure.reason);
  }
  writer.end_object();
  if (health.is_standby()) {
    writer.key("standby");
    writer.boolean(true);
  }
  writer.end_object();
  return {failures.empty() ? 200 : 503, "application/json", writer.take()};
}

AdminAnswer version_answer(const std::string& name) {
  json::Writer writer;
  writer.begin_object();
  writer.key("name");
  writer.string(name);
  writer.key("version");
  writer.string(MM_VERSION);
  writer.end_object();
  return {200, "application/json", writer.take()};
}

template <class Key>
Key key_of(const runtime::Credentials& credentials, const std::string& name) {
  auto key = Key::parse(credentials.require(name));
  if (key) return *std::move(key);
  throw runtime::StartRefused("credentials", {"the credential " + name + " " + key.error()});
}

// Reads the keys for signed events: the daemon's own key if it signs, and the keys of signers whose events it reads.
bus::EventKeys read_keys(std::string_view daemon, const runtime::Credentials& credentials) {
  bus::EventKeys keys;
  if (credentials.none()) return keys;
  for (const auto signer : rights::kSigners) {
    if (signer == daemon) keys.own = key_of<security::SigningKey>(credentials, "event_signing_key");
    if (!rights::reads_events_of(daemon, signer)) continue;
    keys.publishers.emplace(signer, key_of<security::VerifyingKey>(credentials, "event_key_" + std::string(signer)));
  }
  return keys;
}

// Owns everything that surrounds the Service and lives as long as the process serves.
class Daemon {
 public:
  using Make = std::function<std::shared_ptr<void>(Runtime&)>;

  Daemon(std::string_view name, DaemonSettings settings)
      : name_(name),
        settings_(std::move(settings)),
        instance_(settings_.instance.empty() ? name_ + "-1" : settings_.instance),
        credentials_(settings_.credentials_dir),
        process_metrics_(metrics_) {
    health_.set("started", false);
    health_.set("nats", false);
    health_.pause_probes();
  }

  int run(const Make& make);

 private:
  AdminAnswer answer(std::string_view path);
  void open_admin();
  void connect();
  void tend();
  int serve(const Make& make);
  void drain(std::shared_ptr<void>& service);

  const std::string name_;
  const DaemonSettings settings_;
  const std::string instance_;
  const SystemClock clock_;
  const runtime::Credentials credentials_;
  metrics::Registry metrics_;
  metrics::ProcessMetrics process_metrics_;  // used by the admin thread
  runtime::Health health_;
  StopSignals signals_;
  std::unique_ptr<AdminServer> admin_;
  std::unique_ptr<bus::Bus> bus_;
  std::optional<bus::JetStreamWatch> jetstream_;
};

int Daemon::run(const Make& make) {
  log::info("starting", {{"version", MM_VERSION}});
  int status = runtime::kExitSoftware;
  try {
    if (auto checked = runtime::check_all(settings_.credentials_dir); !checked) {
      throw runtime::StartRefused("credentials", {std::move(checked).error()});
    }
    open_admin();
    connect();
    tend();
    status = serve(make);
  } catch (const runtime::Stopped&) {
    status = 0;
  } catch (const runtime::StartRefused& error) {
    for (const auto& reason : error.reasons()) {
      log::error("start_refused", {{"what", error.subject()}, {"reason", reason}});
    }
    status = runtime::kExitConfig;
  } catch (const runtime::Unavailable& error) {
    log::error("start_failed", {{"reason", error.what()}});
    status = runtime::kExitUnavailable;
  } catch (const std::exception& error) {
    log::error("start_failed", {{"reason", error.what()}});
  }
  jetstream_.reset();
  bus_.reset();
  admin_.reset();
  log::info("stopped", {{"status", status}});
  return status;
}

// Retries for a while, because an outgoing connection of another process may use the port temporarily.
void Daemon::open_admin() {
  const auto attempt = [this]() -> Result<Done, std::string> {
    auto admin = AdminServer::start(settings_.admin_address, settings_.admin_port,
                                    [this](std::string_view path) { return answer(path); });
    if (!admin) return listen_failure(admin.error());
    admin_ = std::move(*admin);
    return Done{};
  };
  wait_until(&signals_.requested(), "MM_ADMIN_PORT", attempt, Deadline::after(kPortTimeout));
  log::info("admin_listening", {{"address", settings_.admin_address}, {"port", admin_->port()}});
}

AdminAnswer Daemon::answer(std::string_view path) {
  if (path == "/livez") return {200, "application/json", "{\"live\":true}"};
  if (path == "/readyz") return readiness(health_);
  if (path == "/version") return version_answer(name_);
  if (path == "/metrics") {
    process_metrics_.update();
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.expose()};
  }
  return {404, "application/json", "{}"};
}

void Daemon::connect() {
  bus::Options options;
  options.url = settings_.nats_url;
  options.user = settings_.nats_user.empty() ? name_ : settings_.nats_user;
  options.password = credentials_.require("nats_password");
  options.name = instance_;
  options.keys = read_keys(name_, credentials_);
  const auto attempt = [&]() -> Result<Done, std::string> {
    auto bus = bus::Bus::connect(options, metrics_, Deadline::after(Milliseconds{0}));
    if (!bus) return fail(std::move(bus).error());
    bus_ = std::move(*bus);
    return Done{};
  };
  wait_until(&signals_.requested(), "nats", attempt, Deadline::after(kNatsTimeout));
  jetstream_.emplace(*bus_, name_, metrics_);
}

void Daemon::tend() {
  health_.set("nats", bus_->connected(), "there is no connection to nats-server");
  health_.set("nats_permissions", !bus_->refused(), "nats-server refused a subject that the daemon needs");
  health_.set("consumers", bus_->missing_consumers().empty(), "a consumer of a stream does not exist");
  jetstream_->tick();
  const auto flaw = jetstream_->flaw();
  health_.set("jetstream", flaw.empty(), flaw);
}

int Daemon::serve(const Make& make) {
  Runtime runtime{name_, instance_, clock_, credentials_, metrics_, health_, *bus_, &signals_.requested()};
  auto service = make(runtime);
  health_.resume_probes();
  health_.set("started", true);
  log::info("started");
  while (!signals_.requested() && !bus_->closed()) {
    signals_.wait(kHealthInterval);
    if (!signals_.requested()) tend();
  }
  drain(service);
  return signals_.requested() ? 0 : runtime::kExitUnavailable;
}

void Daemon::drain(std::shared_ptr<void>& service) {
  health_.set("draining", false);
  health_.pause_probes();
  const auto began = clock_.steady();
  service.reset();
  const auto took = std::chrono::duration_cast<Milliseconds>(clock_.steady() - began);
  log::info("drained", {{"milliseconds", took.count()}});
}

}  // namespace

int run(std::string_view name, int argc, char** argv, const std::function<void(runtime::SettingsReader&)>& read,
        const std::function<std::shared_ptr<void>(Runtime&)>& make) {
  const auto variables = runtime::environment();
  DaemonSettings settings;
  runtime::SettingsReader reader(variables);
  read(reader);
  describe(reader, settings);
  if (const auto status = read_arguments(name, argc, argv, reader)) return *status;

  harden_process();
  auto level = log::Level::info;
  const bool level_known = log::parse_level(settings.log_level, level);
  log::start(name, settings.instance.empty() ? std::string(name) + "-1" : settings.instance, level);
  reader.refuse_unknown();
  auto problems = reader.take_problems();
  if (!level_known) problems.push_back("MM_LOG_LEVEL must be one of debug info warning error");
  for (const auto& problem : problems) log::error("setting_refused", {{"reason", problem}});
  if (!problems.empty()) return runtime::kExitConfig;
  return Daemon(name, std::move(settings)).run(make);
}

}  // namespace mm::daemon
