// PostgresConnection: a connection to PostgreSQL that connects within a deadline and never reconnects (libpqxx 6 would
// reconnect silently). Private to common/storage.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/storage/postgres.h"

namespace mm::storage {

class PostgresConnection final : public pqxx::connection_base {
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  using Handle = std::unique_ptr<PGconn, Finish>;

 public:
  /// A connection that is being opened. PQconnectdb only supports timeouts of at least 2 whole seconds; this respects
  /// the deadline.
  class Attempt {
   public:
    explicit Attempt(const PostgresOptions& options);
    /// Returns nullptr if the server has not answered by the deadline. The call may then be repeated.
    Result<std::unique_ptr<PostgresConnection>, std::string> finish(Deadline deadline);

   private:
    Handle handle_;
    PostgresPollingStatusType state_;
    Deadline reached_by_;
  };

  static Result<std::unique_ptr<Attempt>, std::string> start(const PostgresOptions& options);
  ~PostgresConnection();

  /// A duplicate of the connection's socket, valid as long as this object. Shutting it down ends calls that block on
  /// it.
  int socket() const { return socket_; }

  /// For an idle connection: whether the server has neither closed it nor sent anything.
  bool is_quiet() const;

 private:
  class Policy final : public pqxx::connectionpolicy {
   public:
    explicit Policy(Handle ready) : pqxx::connectionpolicy(std::string()), handle_(std::move(ready)) {}
    handle do_startconnect(handle present) override;

   private:
    Handle handle_;  // until libpqxx has taken it
  };

  explicit PostgresConnection(Handle ready);

  Policy policy_;
  int socket_ = -1;
};

}  // namespace mm::storage
