// Replaces common/storage/postgres.cpp in the simulation. The stores of the services are replaced too
// (store_links.cpp), so no transaction comes here.
#include "common/storage/postgres.h"

namespace mm::storage {

struct Postgres::Impl {};

Postgres::Postgres(PostgresOptions) {}
Postgres::~Postgres() = default;
bool Postgres::reachable() { return true; }
std::string Postgres::refusal() { return {}; }
DatabaseResult<std::string> Postgres::weakness(Deadline) { return std::string(); }
DatabaseResult<bool> Postgres::has_schema(const std::string&, Deadline) { return true; }
DatabaseResult<Done> Postgres::run_raw(Deadline, const std::function<void(pqxx::work&)>&) {
  check(false, "the simulation has no real transactions");
  return Done{};
}
Problem to_problem(const DatabaseError&) { return refuse(Code::unavailable).error; }
Result<Done, std::string> check_postgres_url(const std::string&) { return Done{}; }

}  // namespace mm::storage
