#include "services/orchestrator/store.h"

#include "common/runtime/log.h"
#include "common/storage/postgres.h"

namespace mm::orchestrator {
namespace {

constexpr const char* kSlotConstraint = "allocation_slot";

template <class Id>
Id own_id(const pqxx::field& field) {
  const auto id = Id::parse(field.c_str());
  check(id.has_value(), "orchestrator.allocation holds what orchestrator never writes");
  return *id;
}

Place place_of(const pqxx::row& row) {
  return {own_id<ServerId>(row["server_id"]), row["slot"].as<int>(), row["endpoint"].as<std::string>()};
}

Problem logged(const storage::DatabaseError& error) {
  log::warning("database_failed", {{"error", error.text}});
  return to_problem(error);
}

template <class Work>
auto run(storage::Postgres& postgres, Deadline deadline, Work work) -> Reply<std::invoke_result_t<Work, pqxx::work&>> {
  auto result = postgres.transaction(deadline, work);
  if (result) return *std::move(result);
  return fail(logged(result.error()));
}

// Runs a write whose slot may belong to another match. `work` returns whether it changed a row.
template <class Work>
Reply<Store::ClaimResult> run_claiming(storage::Postgres& postgres, Deadline deadline, Work work) {
  const auto result = postgres.transaction(deadline, work);
  if (result) return *result ? Store::ClaimResult::claimed : Store::ClaimResult::match_known;
  const auto& error = result.error();
  if (error.kind == storage::DatabaseError::Kind::conflict && error.constraint == kSlotConstraint) {
    return Store::ClaimResult::slot_taken;
  }
  return fail(logged(error));
}

}  // namespace

Reply<std::optional<Store::Row>> Store::find(MatchId match, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) -> std::optional<Row> {
    const auto rows =
        tx.exec_params("SELECT state, server_id, slot, endpoint FROM orchestrator.allocation WHERE match_id = $1::uuid",
                       match.to_string());
    if (rows.empty()) return std::nullopt;
    if (rows[0]["state"].as<std::string>() == "released") return Row{true, {}};
    return Row{false, place_of(rows[0])};
  });
}

Reply<Store::ClaimResult> Store::insert(MatchId match, const Place& place, Deadline deadline) {
  return run_claiming(postgres_, deadline, [&](pqxx::work& tx) {
    const auto rows = tx.exec_params(
        "INSERT INTO orchestrator.allocation (match_id, state, server_id, slot, endpoint) "
        "VALUES ($1::uuid, 'allocated', $2::uuid, $3, $4) ON CONFLICT (match_id) DO NOTHING RETURNING match_id",
        match.to_string(), place.server_id.to_string(), place.slot, place.endpoint);
    return !rows.empty();
  });
}

Reply<Store::ClaimResult> Store::move(MatchId match, ServerId from, const Place& to, Deadline deadline) {
  return run_claiming(postgres_, deadline, [&](pqxx::work& tx) {
    const auto rows = tx.exec_params(
        "UPDATE orchestrator.allocation SET server_id = $3::uuid, slot = $4, endpoint = $5, allocated_at = now() "
        "WHERE match_id = $1::uuid AND state = 'allocated' AND server_id = $2::uuid RETURNING match_id",
        match.to_string(), from.to_string(), to.server_id.to_string(), to.slot, to.endpoint);
    return !rows.empty();
  });
}

Reply<std::optional<ServerId>> Store::release(MatchId match, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) -> std::optional<ServerId> {
    const auto rows = tx.exec_params(
        "INSERT INTO orchestrator.allocation (match_id, state, released_at) VALUES ($1::uuid, 'released', now()) "
        "ON CONFLICT (match_id) DO UPDATE SET state = 'released', released_at = now() "
        "WHERE orchestrator.allocation.state = 'allocated' RETURNING server_id",
        match.to_string());
    if (rows.empty() || rows[0][0].is_null()) return std::nullopt;
    return own_id<ServerId>(rows[0][0]);
  });
}

Reply<std::vector<AllocatedMatch>> Store::allocated(Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    std::vector<AllocatedMatch> all;
    const auto rows =
        tx.exec("SELECT match_id, server_id, slot, endpoint FROM orchestrator.allocation WHERE state = 'allocated'");
    for (const auto& row : rows) all.push_back({own_id<MatchId>(row["match_id"]), place_of(row)});
    return all;
  });
}

Reply<std::vector<MatchId>> Store::due_for_check(Milliseconds age, int limit, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    std::vector<MatchId> due;
    const auto rows = tx.exec_params(
        "UPDATE orchestrator.allocation SET checked_at = now() WHERE match_id IN (SELECT match_id FROM "
        "orchestrator.allocation WHERE state = 'allocated' AND checked_at <= now() - $1 * interval '1 millisecond' "
        "ORDER BY checked_at LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING match_id",
        age.count(), limit);
    for (const auto& row : rows) due.push_back(own_id<MatchId>(row[0]));
    return due;
  });
}

Reply<int> Store::prune(Milliseconds keep, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    const auto gone = tx.exec_params(
        "DELETE FROM orchestrator.allocation WHERE match_id IN (SELECT match_id FROM orchestrator.allocation "
        "WHERE state = 'released' AND released_at < now() - $1 * interval '1 millisecond' ORDER BY released_at LIMIT "
        "500)",
        keep.count());
    return static_cast<int>(gone.affected_rows());
  });
}

}  // namespace mm::orchestrator
