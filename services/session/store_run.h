// How the stores of session run a transaction, and read the values that session wrote itself.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "common/contracts/problem.h"
#include "common/runtime/log.h"
#include "common/storage/postgres.h"

namespace mm::session {

/// For values that session wrote itself: they parse unless somebody changed the table by hand.
template <class T>
T require(std::optional<T>&& parsed) {
  check(parsed.has_value(), "session's tables hold a value that session never writes");
  return *std::move(parsed);
}

/// Runs one transaction. If the reply to the commit was lost, runs it again: every transaction here is idempotent.
template <class Work>
auto run(storage::Postgres& postgres, Deadline deadline, Work work) -> Reply<std::invoke_result_t<Work, pqxx::work&>> {
  auto result = postgres.transaction(deadline, work);
  if (!result && result.error().kind == storage::DatabaseError::Kind::unknown_outcome) {
    result = postgres.transaction(deadline, work);
  }
  if (result) return *std::move(result);
  log::warning("database_failed", {{"error", result.error().text}});
  return fail(to_problem(result.error()));
}

}  // namespace mm::session
