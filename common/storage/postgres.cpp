#include "common/storage/postgres.h"

#include <atomic>
#include <random>
#include <thread>

#include "common/base/mutex.h"
#include "common/runtime/periodic_task.h"
#include "common/storage/pool.h"
#include "common/storage/postgres_connection.h"
#include "common/storage/refusals.h"
#include "common/storage/watchdog.h"

namespace mm::storage {
namespace {

using Kind = DatabaseError::Kind;

constexpr Milliseconds kConnectTimeout{3'000};
constexpr Milliseconds kAttemptPause{200};
/// A transaction that finds no free connection within this time is refused, because the database is overloaded.
constexpr Milliseconds kLeaseTimeout{1'000};
constexpr Milliseconds kProbeInterval{1'000};
/// Interval while the database is away, so that its return is noticed soon.
constexpr Milliseconds kFailedProbeInterval{50};
constexpr Milliseconds kProbeTimeout{1'000};
constexpr Milliseconds kReachableFor{3'000};
constexpr Milliseconds kRefusedFor{3'000};
constexpr int kConflictTries = 5;
constexpr int kBrokenTries = 2;

DatabaseError error_of(Kind kind, const std::string& text) { return {kind, text, {}}; }

/// Result of one run of the work. `again`: a retry may succeed. `refused`: the server takes no writes.
struct Attempt {
  enum class End { done, failed, again, broken };
  End end = End::done;
  DatabaseError error;
  bool refused = false;
};

/// The name of the constraint in a text such as `… violates unique constraint "account_email_key"`.
std::string constraint_in(const std::string& message) {
  constexpr std::string_view kBefore = "unique constraint \"";
  const auto start = message.find(kBefore);
  if (start == std::string::npos) return {};
  const auto from = start + kBefore.size();
  const auto end = message.find('"', from);
  return end == std::string::npos ? std::string() : message.substr(from, end - from);
}

/// Whether an SQLSTATE says that the server takes no writes, though it may still answer reads: read-only, out of a
/// resource such as the disk, I/O error.
bool is_refusal(const std::string& state) {
  return state == "25006" || state == "53100" || state == "53200" || state.starts_with("58");
}

/// Whether an SQLSTATE is an error of the server's state, not of the statement: timeouts (57014, 55P03), shutdown or
/// start-up (57P), resources and disk (53), I/O (58), read-only (25006).
bool is_unavailable(const std::string& state) {
  return state == "57014" || state == "55P03" || state == "25006" || state.starts_with("57P") ||
         state.starts_with("53") || state.starts_with("58");
}

Attempt attempt_on(PostgresConnection& connection, const std::function<void(pqxx::work&)>& work) {
  using End = Attempt::End;
  try {
    pqxx::work tx(connection);
    work(tx);
    tx.commit();
    return {};
  } catch (const pqxx::in_doubt_error& error) {
    return {End::failed, error_of(Kind::unknown_outcome, error.what())};
  } catch (const pqxx::statement_completion_unknown& error) {
    return {End::failed, error_of(Kind::unknown_outcome, error.what())};
  } catch (const pqxx::broken_connection& error) {
    return {End::broken, error_of(Kind::unavailable, error.what())};
  } catch (const pqxx::transaction_rollback& error) {
    return {End::again, error_of(Kind::unavailable, error.what())};
  } catch (const pqxx::unique_violation& error) {
    return {End::failed, {Kind::conflict, error.what(), constraint_in(error.what())}};
  } catch (const pqxx::sql_error& error) {
    // A server that shuts down sends an error before it closes the connection.
    if (!connection.is_open() || error.sqlstate().starts_with("57P")) {
      return {End::broken, error_of(Kind::unavailable, error.what())};
    }
    const auto kind = is_unavailable(error.sqlstate()) ? Kind::unavailable : Kind::statement;
    return {End::failed, error_of(kind, error.what()), is_refusal(error.sqlstate())};
  } catch (const std::exception& error) {
    if (!connection.is_open()) return {End::broken, error_of(Kind::unavailable, error.what())};
    return {End::failed, error_of(Kind::statement, error.what())};
  }
}

/// Waits a random time before a retry (at most 2, 4, 8, 16 ms), so that two conflicting transactions do not collide
/// again.
void pause_before(int attempt, Deadline deadline) {
  thread_local std::minstd_rand random(std::random_device{}());
  const auto limit = std::chrono::microseconds(1'000) * (1 << attempt);
  std::uniform_int_distribution<long> some(0, static_cast<long>(limit.count()));
  std::this_thread::sleep_until(
      std::min(std::chrono::steady_clock::now() + std::chrono::microseconds(some(random)), deadline.when()));
}

}  // namespace

Problem to_problem(const DatabaseError& error) {
  switch (error.kind) {
    case Kind::unavailable:
    case Kind::unknown_outcome: return refuse(Code::unavailable).error;
    case Kind::conflict:
    case Kind::statement: return refuse(Code::internal_error).error;
  }
  return refuse(Code::internal_error).error;
}

struct Postgres::Impl {
  explicit Impl(PostgresOptions given)
      : options(std::move(given)),
        pool({options.connections, kLeaseTimeout, kConnectTimeout, kAttemptPause, kAttemptPause,
              options.breaker_changed},
             [this] { return PostgresConnection::start(options); }),
        probe([this] { return run_probe(); }) {}

  const PostgresOptions options;
  Watchdog watchdog;
  Pool<PostgresConnection> pool;
  std::atomic<SteadyPoint::duration> last_success{SteadyPoint::duration::min()};
  Mutex mutex;
  std::string probe_flaw GUARDED_BY(mutex) = "it was not asked yet";  // of the latest probe; empty: it succeeded
  std::string refused GUARDED_BY(mutex);                              // the latest refusal of any transaction
  SteadyPoint refused_at GUARDED_BY(mutex){};

  DatabaseResult<Done> run(Deadline deadline, const std::function<void(pqxx::work&)>& work);
  Result<Attempt, std::string> attempt(Deadline deadline, const std::function<void(pqxx::work&)>& work);
  bool succeeded_within(Milliseconds time) const;
  void note_refusal(const std::string& text);
  std::string refusal();
  Result<Done, std::string> probe_writes();
  Milliseconds run_probe();

  runtime::PeriodicTask probe;  // last member: it uses all others
};

Result<Attempt, std::string> Postgres::Impl::attempt(Deadline deadline, const std::function<void(pqxx::work&)>& work) {
  auto connection = pool.acquire(deadline);
  if (!connection) return fail(std::move(connection).error());
  struct Return {
    Pool<PostgresConnection>& pool;
    std::unique_ptr<PostgresConnection> connection;
    ~Return() { pool.release(std::move(connection)); }
  } lease{pool, std::move(*connection)};
  Attempt outcome;
  {
    const Watchdog::Guard guard(watchdog, lease.connection->socket(), deadline);
    outcome = attempt_on(*lease.connection, work);
  }
  if (outcome.refused) note_refusal(outcome.error.text);
  if (!lease.connection->is_open() || outcome.end == Attempt::End::broken) lease.connection.reset();
  return outcome;
}

DatabaseResult<Done> Postgres::Impl::run(Deadline deadline, const std::function<void(pqxx::work&)>& work) {
  int conflicts = 0;
  int breaks = 0;
  while (true) {
    if (deadline.passed()) return fail(error_of(Kind::unavailable, "no time left"));
    auto outcome = attempt(deadline, work);
    if (!outcome) return fail(error_of(Kind::unavailable, outcome.error()));
    switch (outcome->end) {
      case Attempt::End::done: last_success = std::chrono::steady_clock::now().time_since_epoch(); return Done{};
      case Attempt::End::failed: return fail(std::move(outcome->error));
      case Attempt::End::again:
        if (++conflicts == kConflictTries || deadline.passed()) return fail(std::move(outcome->error));
        pause_before(conflicts, deadline);
        break;
      case Attempt::End::broken:
        if (++breaks == kBrokenTries || deadline.passed()) return fail(std::move(outcome->error));
        break;
    }
  }
}

bool Postgres::Impl::succeeded_within(Milliseconds time) const {
  const SteadyPoint last(last_success.load());
  return last.time_since_epoch() != SteadyPoint::duration::min() && std::chrono::steady_clock::now() - last < time;
}

void Postgres::Impl::note_refusal(const std::string& text) {
  const MutexLock lock(mutex);
  refused = postgres_refusal(text);
  refused_at = std::chrono::steady_clock::now();
}

// A refused write counts for a while, because the next probe may need no room on the full disk. A probe that got no
// answer does not count while other transactions succeed.
std::string Postgres::Impl::refusal() {
  const MutexLock lock(mutex);
  if (!refused.empty() && std::chrono::steady_clock::now() - refused_at < kRefusedFor) return refused;
  if (succeeded_within(kReachableFor) && probe_flaw == postgres_refusal({})) return {};
  return probe_flaw;
}

/// A transaction that writes, without a table: its record in the write-ahead log means nothing to anybody.
Result<Done, std::string> Postgres::Impl::probe_writes() {
  std::string flaw;
  const auto probed = run(Deadline::after(kProbeTimeout), [&](pqxx::work& tx) {
    const auto row = tx.exec1(
        "SELECT current_setting('transaction_read_only') = 'on', "
        "'off' IN (current_setting('fsync'), current_setting('synchronous_commit'), "
        "current_setting('full_page_writes'))");
    flaw = row[0].as<bool>()                              ? "it is read-only"
           : options.must_be_durable && row[1].as<bool>() ? "it could lose acknowledged writes"
                                                          : "";
    if (flaw.empty()) tx.exec1("SELECT pg_logical_emit_message(true, 'readiness', '')");
  });
  if (!probed) return fail(std::string(postgres_refusal(probed.error().text)));
  if (!flaw.empty()) return fail(flaw);
  return Done{};
}

/// Returns the time until the next call.
Milliseconds Postgres::Impl::run_probe() {
  const auto probed = probe_writes();
  {
    const MutexLock lock(mutex);
    probe_flaw = probed ? std::string() : probed.error();
  }
  if (options.probed) options.probed(refusal().empty());
  if (!probed && !succeeded_within(kProbeInterval)) last_success = SteadyPoint::duration::min();
  return succeeded_within(kProbeInterval) ? kProbeInterval : kFailedProbeInterval;
}

Postgres::Postgres(PostgresOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Postgres::~Postgres() = default;

DatabaseResult<Done> Postgres::run_raw(Deadline deadline, const std::function<void(pqxx::work&)>& work) {
  return impl_->run(deadline, work);
}

bool Postgres::reachable() { return impl_->succeeded_within(kReachableFor); }

std::string Postgres::refusal() { return impl_->refusal(); }

DatabaseResult<std::string> Postgres::weakness(Deadline deadline) {
  return transaction(deadline, [](pqxx::work& tx) {
    std::string names;
    const auto rows = tx.exec(
        "SELECT name FROM pg_settings WHERE setting = 'off'"
        " AND name IN ('fsync', 'synchronous_commit', 'full_page_writes') ORDER BY name");
    for (const auto& row : rows) names += (names.empty() ? "" : ", ") + row[0].as<std::string>();
    return names.empty() ? names : "PostgreSQL has " + names + " off: it could lose acknowledged writes";
  });
}

DatabaseResult<bool> Postgres::has_schema(const std::string& schema, Deadline deadline) {
  return transaction(deadline, [&](pqxx::work& tx) {
    return tx.exec_params1("SELECT to_regnamespace($1) IS NOT NULL", schema)[0].as<bool>();
  });
}

}  // namespace mm::storage
