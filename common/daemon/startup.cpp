#include "common/daemon/startup.h"

#include "common/daemon/wait_until.h"
#include "common/runtime/breaker_metrics.h"
#include "common/wire/mode_table.h"

namespace mm::daemon {
namespace {

constexpr Milliseconds kAttemptTimeout{1'000};

storage::RedisOptions redis_options(const Runtime& runtime, std::string_view setting, const std::string& url,
                                    std::string_view credential, int connections) {
  if (auto checked = storage::check_redis_url(url); !checked) refuse_to_start(setting, std::move(checked).error());
  storage::RedisOptions options;
  options.url = url;
  options.password = runtime.credentials.require(credential);
  options.connections = connections;
  return options;
}

std::function<void(bool)> breaker_metrics(const Runtime& runtime, const char* dependency) {
  return [breaker = metrics::BreakerMetrics(runtime.metrics, dependency)](bool open) mutable { breaker.changed(open); };
}

/// The first error that a retry may end; otherwise the weakness of the server, empty if it has none.
Result<std::string, std::string> weakness_of(storage::Postgres& postgres, const std::string& schema) {
  const auto deadline = Deadline::after(kAttemptTimeout);
  auto weakness = postgres.weakness(deadline);
  if (!weakness) return fail(std::move(weakness).error().text);
  const auto has_schema = postgres.has_schema(schema, deadline);
  if (!has_schema) return fail(has_schema.error().text);
  if (!*has_schema) return fail("the schema " + schema + " does not exist: db/migrate makes it");
  return *std::move(weakness);
}

Result<std::string, std::string> weakness_of(storage::Redis& redis) {
  auto weakness = redis.weakness(Deadline::after(kAttemptTimeout));
  if (!weakness) return fail(std::move(weakness).error().text);
  return *std::move(weakness);
}

void await_store(const Runtime& runtime, std::string_view store, bool allow_weak, Milliseconds timeout,
                 const std::function<Result<std::string, std::string>()>& check_store) {
  std::string weakness;
  const auto attempt = [&]() -> Result<Done, std::string> {
    auto found = check_store();
    if (!found) return fail(std::move(found).error());
    weakness = *std::move(found);
    return Done{};
  };
  wait_until(runtime, store, attempt, Deadline::after(timeout));
  if (!weakness.empty() && !allow_weak) refuse_to_start(store, std::move(weakness));
}

}  // namespace

void refuse_to_start(std::string_view subject, std::string reason) {
  throw runtime::StartRefused(subject, {std::move(reason)});
}

ModeTable load_modes(const std::string& file) {
  if (file.empty()) return wire::shipped_mode_table();
  auto table = wire::load_mode_table(file);
  if (!table) throw runtime::StartRefused("MM_MODES_FILE", std::move(table).error().problems);
  return *std::move(table);
}

void check_modes_file(const std::string& file, runtime::SettingsCheck& check) {
  if (file.empty()) return;
  const auto table = wire::load_mode_table(file);
  if (table) return;
  const auto& problems = table.error().problems;
  const auto others = problems.size() - 1;
  check.refuse("MM_MODES_FILE", problems.front() + (others > 0 ? " (and " + std::to_string(others) + " more)" : ""));
}

std::unique_ptr<storage::Postgres> open_postgres(const Runtime& runtime, const PostgresSettings& settings) {
  if (auto checked = storage::check_postgres_url(settings.url); !checked) {
    refuse_to_start("MM_POSTGRES_URL", std::move(checked).error());
  }
  storage::PostgresOptions options;
  options.url = settings.url;
  options.password = runtime.credentials.require("postgres_password");
  options.application = runtime.instance;
  options.connections = settings.connections;
  options.must_be_durable = !settings.allow_weak;
  options.breaker_changed = breaker_metrics(runtime, "postgres");
  options.probed = [works = runtime.metrics.gauge("mm_store_works", "1 while the store takes writes",
                                                  {{"store", "postgres"}})](bool good) mutable {
    works.set(good ? 1 : 0);
  };
  auto postgres = std::make_unique<storage::Postgres>(options);
  await_store(runtime, "postgres", settings.allow_weak, settings.timeout,
              [&] { return weakness_of(*postgres, settings.schema); });
  return postgres;
}

storage::RedisOptions redis_queue(const Runtime& runtime, const std::string& url, int connections) {
  auto options = redis_options(runtime, "MM_REDIS_QUEUE_URL", url, "redis_queue_password", connections);
  options.breaker_changed = breaker_metrics(runtime, "redis_queue");
  return options;
}

storage::RedisOptions redis_cache(const Runtime& runtime, const std::string& url, int connections) {
  auto options = redis_options(runtime, "MM_REDIS_CACHE_URL", url, "redis_cache_password", connections);
  options.breaker_changed = breaker_metrics(runtime, "redis_cache");
  return options;
}

void await_queue(const Runtime& runtime, storage::Redis& queue, bool allow_weak, Milliseconds timeout) {
  await_store(runtime, "redis_queue", allow_weak, timeout, [&] { return weakness_of(queue); });
  if (!allow_weak) queue.require_durability();
}

}  // namespace mm::daemon
