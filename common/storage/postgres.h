// PostgreSQL: a fixed pool of connections and transactions with retries. libpqxx is included here and by store.cpp
// files only.
//
//   auto wins = postgres_.transaction(deadline, [&](pqxx::work& tx) {
//     return kSelectWins(tx, player.to_string())[0][0].as<int>();
//   });
//
// The function may run more than once (serialization failure, deadlock, a connection that broke before the commit)
// and a commit whose reply was lost is reported as unknown, so every write is idempotent by a key of its own.
// Parameterised SQL only; statements of hot paths through `Statement`. libpqxx 6.4 notes: pass std::string, never
// string_view; use optional only as a parameter; read columns inside the function, where a failed conversion is caught.
//
// Every call ends by its deadline, also when the server is frozen: a watchdog cuts the connection then. While the
// database is away, calls fail at once between attempts to connect (200 ms apart).
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
  Milliseconds lock_timeout{1'000};  ///< of one wait for a row that another transaction holds
};

/// Why a transaction has no result. `unavailable`: nothing happened, the database is away or overloaded;
/// `unknown_outcome`: the commit's reply was lost; `conflict`: a unique constraint (its name) refused it; `statement`:
/// a bug in the SQL or in how its result was read.
struct DatabaseError {
  enum class Kind { unavailable, unknown_outcome, conflict, statement };
  Kind kind = Kind::unavailable;
  std::string text;        ///< for the log, never for a client
  std::string constraint;  ///< with conflict
};

template <class T>
using DatabaseResult = Result<T, DatabaseError>;

/// The refusal a client gets for a database error that no handler explains: unavailable; internal_error for
/// `statement` and `conflict`.
Problem to_problem(const DatabaseError& error);

/// SQL that each connection prepares when it first runs it: half the time of exec_params. A namespace-scope constant of
/// a store.cpp; names are unique within a daemon.
struct Statement {
  const char* name;
  const char* sql;

  template <class... Parameters>
  pqxx::result operator()(pqxx::work& tx, const Parameters&... parameters) const {
    tx.conn().prepare(name, sql);
    return tx.exec_prepared(name, parameters...);
  }
};

class Postgres {
 public:
  explicit Postgres(PostgresOptions options);
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  /// Runs `work` in one transaction and commits. `work` may return a value or void (then Done).
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

  /// A transaction succeeded within the last seconds (when there is none, a SELECT 1 in the background). For readiness;
  /// does not block.
  bool reachable();

  /// Refuses a server with fsync, synchronous_commit or full_page_writes off, unless `allow_weak`. Waits until the
  /// deadline for a server that is not up yet.
  Result<Done, std::string> require_durable(bool allow_weak, Deadline deadline);

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
