// One connection to PostgreSQL that connects within a deadline and never comes back by itself (libpqxx 6 would, and
// silently). Private to common/storage.
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
  /// A connection in the making. PQconnectdb waits for whole seconds, two at least; this waits for the deadline.
  class Attempt {
   public:
    explicit Attempt(const PostgresOptions& options);
    /// nullptr: the server has not answered by the deadline. It may still do so: call again.
    Result<std::unique_ptr<PostgresConnection>, std::string> finish(Deadline deadline);

   private:
    Handle handle_;
    PostgresPollingStatusType state_;
    Deadline reached_by_;
  };

  static Result<std::unique_ptr<Attempt>, std::string> start(const PostgresOptions& options);
  ~PostgresConnection();

  /// A duplicate of its socket, which stays valid as long as this: shutting it down ends what blocks on it.
  int socket() const { return socket_; }

  /// While nobody uses it: the server has not closed it (nor said anything).
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
