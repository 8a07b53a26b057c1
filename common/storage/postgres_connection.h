// One connection to PostgreSQL that connects within a deadline and never comes back by itself (libpqxx 6 would, and
// silently). Private to common/storage.
#pragma once

#include <memory>
#include <pqxx/pqxx>
#include <string>

#include "common/base/clock.h"
#include "common/base/result.h"
#include "common/storage/postgres.h"

namespace mm::storage {

class PostgresConnection final : public pqxx::connection_base {
 public:
  static Result<std::unique_ptr<PostgresConnection>, std::string> open(const PostgresOptions& options,
                                                                       Deadline deadline);
  ~PostgresConnection();

  /// A duplicate of its socket, which stays valid as long as this: shutting it down ends what blocks on it.
  int socket() const { return socket_; }

  /// While nobody uses it: the server has not closed it (nor said anything).
  bool is_quiet() const;

 private:
  class Policy final : public pqxx::connectionpolicy {
   public:
    Policy(const PostgresOptions& options, Deadline deadline)
        : pqxx::connectionpolicy(std::string()), options_(&options), deadline_(deadline) {}
    handle do_startconnect(handle present) override;

   private:
    const PostgresOptions* options_;  // until it is connected
    Deadline deadline_;
  };

  PostgresConnection(const PostgresOptions& options, Deadline deadline);

  Policy policy_;
  int socket_ = -1;
};

}  // namespace mm::storage
