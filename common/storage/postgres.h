// Postgres: a fixed pool of connections to PostgreSQL, and transactions with retries. Only this component and store.cpp
// files include libpqxx.
//
//   auto wins = postgres_.transaction(deadline, [&](pqxx::work& tx) {
//     return kSelectWins(tx, player.to_string())[0][0].as<int>();
//   });
//
// The function may run more than once (after a serialization failure, a deadlock, or a connection that broke before the
// commit). If the reply to the commit is lost, the outcome is reported as unknown. Therefore every write is idempotent
// by a key. Use parameterised SQL only, and `Statement` on hot paths. Notes on libpqxx 6.4: pass std::string, never
// string_view; use optional only as a parameter; read columns inside the function, where a failed conversion is caught.
//
// Every call ends by its deadline, even if the server is frozen: a watchdog then shuts the connection down. While the
// database is away, calls fail immediately between attempts to connect (200 ms apart).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/contracts/problem.h"

namespace mm::storage {

struct PostgresOptions {
  std::string url;  ///< postgresql://user@host:port/database, no password
  std::string password;
  std::string application;
  int connections = 4;
  Milliseconds statement_timeout{2'000};
  Milliseconds lock_timeout{1'000};             ///< for one wait for a lock that another transaction holds
  bool must_be_durable = false;                 ///< a server that could lose acknowledged writes counts as refusing
  std::function<void(bool)> breaker_changed{};  ///< whether calls fail immediately; must not block
  std::function<void(bool)> probed{};           ///< called every second: whether the server takes writes
};

/// The reason why a transaction has no result. `unavailable`: nothing was changed, the database is away or overloaded.
/// `unknown_outcome`: the reply to the commit was lost. `conflict`: a unique constraint was violated. `statement`: a
/// bug in the SQL or in reading its result.
struct DatabaseError {
  enum class Kind { unavailable, unknown_outcome, conflict, statement };
  Kind kind = Kind::unavailable;
  std::string text;        ///< for the log, never for a client
  std::string constraint;  ///< name of the constraint, with conflict
};

template <class T>
using DatabaseResult = Result<T, DatabaseError>;

/// The refusal for a database error that a handler does not treat itself: internal_error for `statement` and
/// `conflict`, otherwise unavailable.
Problem to_problem(const DatabaseError& error);

/// SQL that each connection prepares when it first runs it, which halves the time of exec_params. Defined as a
/// namespace-scope constant of a store.cpp. Names are unique within a daemon.
struct Statement {
  const char* name;
  const char* sql;

  template <class... Parameters>
  pqxx::result operator()(pqxx::work& tx, const Parameters&... parameters) const {
    tx.conn().prepare(name, sql);
    return tx.exec_prepared(name, parameters...);
  }
};

/// Whether PostgresOptions::url can be used. The error does not contain the URL, because it might include a password.
Result<Done, std::string> check_postgres_url(const std::string& url);

class Postgres {
 public:
  explicit Postgres(PostgresOptions options);
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// Runs `work` in one transaction and commits. `work` returns a value or void (then the result is Done).
  template <class Work>
  auto transaction(Deadline deadline, Work work) {
    using Value = std::invoke_result_t<Work, pqxx::work&>;
    if constexpr (std::is_void_v<Value>) {
      return run<Done>(deadline, [&](pqxx::work& tx, std::optional<Done>& out) {
        work(tx);
        out.emplace();
      });
    } else {
      return run<Value>(deadline, [&](pqxx::work& tx, std::optional<Value>& out) { out.emplace(work(tx)); });
    }
  }

  /// Whether a transaction succeeded within the last seconds. A background thread runs one every second. Does not
  /// block.
  bool reachable();

  /// The reason why the server does not take writes at present, as a sentence for an operator; empty if it takes them.
  /// For readiness. The background thread's transaction writes a record to the log of the server, so a server that only
  /// answers reads is noticed. Does not block.
  std::string refusal();

  /// The settings of the server that could lose acknowledged writes (fsync, synchronous_commit, full_page_writes), in
  /// words; empty if there are none.
  DatabaseResult<std::string> weakness(Deadline deadline);
  DatabaseResult<bool> has_schema(const std::string& schema, Deadline deadline);

 private:
  template <class Value, class Work>
  DatabaseResult<Value> run(Deadline deadline, Work work) {
    std::optional<Value> out;
    auto done = run_raw(deadline, [&](pqxx::work& tx) {
      out.reset();
      work(tx, out);
    });
    if (!done) return fail(std::move(done).error());
    return std::move(*out);
  }
  DatabaseResult<Done> run_raw(Deadline deadline, const std::function<void(pqxx::work&)>& work);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mm::storage
