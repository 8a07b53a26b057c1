// Replaces common/runtime/log.cpp, metrics.cpp and credentials.cpp and common/daemon/startup.cpp in the simulation: log
// lines go into the trace, metrics are not kept, and the stores need no address or password.
#include <map>
#include <thread>

#include "common/daemon/startup.h"
#include "common/runtime/credentials.h"
#include "common/runtime/log.h"
#include "common/runtime/metrics.h"
#include "tests/simulation/links/simulated_modes.h"
#include "tests/simulation/servers/servers.h"

namespace mm::log {
namespace {

std::string text_of(const Field& field) {
  if (const auto* text = std::get_if<std::string>(&field.value)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&field.value)) return std::to_string(*number);
  if (const auto* truth = std::get_if<bool>(&field.value)) return *truth ? "true" : "false";
  return "real";
}

void write(std::string_view event, std::initializer_list<Field> fields) {
  if (simulation::Simulator::current() == nullptr) return;
  auto& trace = simulation::Servers::current().trace;
  std::string line = "log " + std::string(event);
  if (trace.kept) {
    for (const auto& field : fields) line += ' ' + std::string(field.key) + '=' + text_of(field);
  }
  trace.add(line);
}

}  // namespace

void start(std::string_view, std::string_view, Level) {}
bool parse_level(std::string_view, Level&) { return false; }
void debug(std::string_view, std::initializer_list<Field>) {}
void info(std::string_view event, std::initializer_list<Field> fields) { write(event, fields); }
void warning(std::string_view event, std::initializer_list<Field> fields) { write(event, fields); }
void error(std::string_view event, std::initializer_list<Field> fields) { write(event, fields); }
std::uint64_t dropped() { return 0; }

}  // namespace mm::log

namespace mm::metrics {

struct Registry::Impl {};

void Counter::add(double) {}
void Gauge::set(double) {}
void Gauge::add(double) {}
void Histogram::observe(double) {}
const std::vector<double>& latency_buckets() {
  static const std::vector<double> kNone;
  return kNone;
}
Registry::Registry() = default;
Registry::~Registry() = default;
Counter Registry::counter(const std::string&, const std::string&, const Labels&) { return Counter(nullptr); }
Gauge Registry::gauge(const std::string&, const std::string&, const Labels&) { return Gauge(nullptr); }
Histogram Registry::histogram(const std::string&, const std::string&, const Labels&, const std::vector<double>&) {
  return Histogram(nullptr);
}
std::string Registry::expose() const { return {}; }

}  // namespace mm::metrics

namespace mm::runtime {

// Every secret has the same text, which is long enough to be a key.
Result<std::string, std::string> Credentials::read(std::string_view) const { return std::string(43, 'k'); }
std::string Credentials::require(std::string_view) const { return std::string(43, 'k'); }

}  // namespace mm::runtime

namespace mm::daemon {

void refuse_to_start(std::string_view subject, std::string reason) {
  throw runtime::StartRefused(subject, {std::move(reason)});
}

ModeTable load_modes(const std::string&) { return simulation::simulated_modes(); }
void check_modes_file(const std::string&, runtime::SettingsCheck&) {}

std::unique_ptr<storage::Postgres> open_postgres(const Runtime&, const PostgresSettings&) {
  return std::make_unique<storage::Postgres>(storage::PostgresOptions{});
}

namespace {

storage::RedisOptions named(std::string name) {
  storage::RedisOptions options;
  options.url = std::move(name);
  return options;
}

}  // namespace

storage::RedisOptions redis_queue(const Runtime&, const std::string&, int) { return named("queue"); }
storage::RedisOptions redis_cache(const Runtime&, const std::string&, int) { return named("cache"); }

void await_queue(const Runtime&, storage::Redis& queue, bool, Milliseconds) {
  constexpr Milliseconds kPause{250};
  while (!queue.command({"PING"}, Deadline::after(kPause))) std::this_thread::sleep_for(kPause);
}

}  // namespace mm::daemon
