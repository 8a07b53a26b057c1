#include "common/testing/connections.h"

#include <stdexcept>

#include "common/testing/event_keys.h"
#include "common/testing/wait.h"

namespace mm::testing {
namespace {

storage::PostgresOptions postgres_options(const OwnPostgres& server) {
  storage::PostgresOptions options;
  options.url = server.url();
  return options;
}

}  // namespace

bus::Options bus_options(const OwnNats& nats, const std::string& user) {
  return {.url = nats.url(), .user = user, .password = OwnNats::password(user), .name = user};
}

std::unique_ptr<bus::Bus> connect(const OwnNats& nats, metrics::Registry& metrics, const std::string& user) {
  auto options = bus_options(nats, user);
  if (user != rights::kOperator) options.keys = event_keys();
  auto bus = bus::Bus::connect(options, metrics, soon());
  if (!bus) throw std::runtime_error("no connection to the test's nats-server: " + bus.error());
  return std::move(*bus);
}

storage::RedisOptions redis_options(const OwnRedis& server) {
  storage::RedisOptions options;
  options.url = server.url();
  options.password = server.password();
  return options;
}

void set_connected(storage::Redis& cache, const Tenant& tenant, PlayerId player) {
  const auto key = "mm:{" + tenant.str() + "}:presence:" + player.to_string();
  const auto set = cache.command({"HSET", key, "gateway-1", "1"}, soon());
  if (!set) throw std::runtime_error("the player's presence is not stored: " + set.error().text);
}

Database::Database(const OwnPostgres& server) : postgres_(postgres_options(server)) {}

std::vector<Database::Row> Database::rows(const std::string& sql) {
  std::vector<Row> all;
  const auto read = [&](pqxx::work& tx) {
    all.clear();
    for (const auto& row : tx.exec(sql)) {
      auto& texts = all.emplace_back();
      for (const auto& field : row) texts.push_back(field.is_null() ? "" : field.c_str());
    }
  };
  if (!eventually([&] { return postgres_.transaction(soon(), read).ok(); })) throw std::runtime_error("failed: " + sql);
  return all;
}

std::int64_t Database::number(const std::string& sql) {
  const auto found = rows(sql);
  return found.empty() || found[0][0].empty() ? 0 : std::stoll(found[0][0]);
}

}  // namespace mm::testing
