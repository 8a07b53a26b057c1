// Connections of a test to its own servers (servers.h): to NATS, Redis and PostgreSQL.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/bus/bus.h"
#include "common/storage/postgres.h"
#include "common/storage/redis.h"
#include "common/testing/servers.h"

namespace mm::testing {

/// The deadline of an operation that must succeed: 20 s.
inline Deadline soon() { return Deadline::after(Milliseconds{20'000}); }

/// Options for a connection as `user`: the name of a daemon, "operator", or "test", who may use every subject.
bus::Options bus_options(const OwnNats& nats, const std::string& user = "test");

/// Connects as `user`, within 20 s. Every user but "operator" signs events with the key of event_keys.h, and accepts
/// events that are signed with it.
std::unique_ptr<bus::Bus> connect(const OwnNats& nats, metrics::Registry& metrics, const std::string& user = "test");

/// Options for a connection as the operator, who may use every key.
storage::RedisOptions redis_options(const OwnRedis& server);

/// Marks the player as connected to "gateway-1", as a gateway does in the Redis "cache". Frames are sent only to
/// players who are connected.
void set_connected(storage::Redis& cache, const Tenant& tenant, PlayerId player);

/// Runs SQL as the superuser of a PostgreSQL server. A statement is tried again for 30 s, because the server may just
/// have been restarted; then std::runtime_error is thrown.
class Database {
 public:
  explicit Database(const OwnPostgres& server);

  using Row = std::vector<std::string>;  ///< values as text; NULL is ""
  /// The rows of the last statement in `sql`. All statements run in one transaction.
  std::vector<Row> rows(const std::string& sql);
  /// The first value of the first row; 0 if there is no row or the value is NULL.
  std::int64_t number(const std::string& sql);

 private:
  storage::Postgres postgres_;
};

}  // namespace mm::testing
