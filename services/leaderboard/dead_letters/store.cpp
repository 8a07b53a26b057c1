#include "services/leaderboard/dead_letters/store.h"

#include "common/runtime/log.h"
#include "common/storage/postgres.h"
#include "common/wire/time_text.h"

namespace mm::leaderboard::dead_letters {
namespace {

using storage::Statement;

// Only counts and sizes of other letters are read. Two letters that are added at the same moment may both fit into the
// last place; the limit does not have to be exact.
const Statement kAdd{
    "add_dead_letter",
    "INSERT INTO ops.dead_letter (stream, consumer, sequence, stored_at, subject, message_id, traceparent, signature, "
    "body, deliveries, reason) "
    "SELECT $1, $2, $3::bigint, $4::timestamptz, $5, $6, $7, $8, $9::bytea, $10::integer, $11 "
    "FROM (SELECT count(*) AS letters, coalesce(sum(bytes), 0) AS bytes FROM ops.dead_letter WHERE resolved_at IS "
    "NULL) "
    "AS present WHERE present.letters < $12::bigint AND present.bytes + octet_length($9::bytea) <= $13::bigint "
    "ON CONFLICT (stream, consumer, sequence, stored_at) DO NOTHING"};

const Statement kKnown{"known_dead_letter",
                       "SELECT FROM ops.dead_letter WHERE stream = $1 AND consumer = $2 AND sequence = $3::bigint AND "
                       "stored_at = $4::timestamptz"};

const Statement kUnresolved{
    "unresolved_dead_letters",
    "SELECT count(*), coalesce(extract(epoch FROM now() - min(given_up_at)), 0)::float8 FROM ops.dead_letter "
    "WHERE resolved_at IS NULL"};

const Statement kSweep{
    "sweep_dead_letters",
    "DELETE FROM ops.dead_letter WHERE letter_id IN (SELECT letter_id FROM ops.dead_letter "
    "WHERE resolved_at < greatest(now() - interval '7 days', (SELECT resolved_at FROM ops.dead_letter "
    "WHERE resolved_at IS NOT NULL ORDER BY resolved_at DESC OFFSET $1::bigint - 1 LIMIT 1)) ORDER BY letter_id LIMIT "
    "200)"};

// Also reads one letter, whether it is resolved or not, with its body: $2 is true then.
const Statement kRead{
    "read_dead_letters",
    "SELECT letter_id, stream, consumer, deliveries, reason, retries, retry_error, outcome, bytes, subject, sequence, "
    "message_id, traceparent, signature, ops.time_text(given_up_at), ops.time_text(retried_at), "
    "ops.time_text(resolved_at), ops.time_text(stored_at), CASE WHEN $2::boolean THEN body ELSE '' END "
    "FROM ops.dead_letter WHERE letter_id > $1::bigint AND ($2::boolean OR resolved_at IS NULL) "
    "ORDER BY letter_id LIMIT $3::bigint"};

const Statement kResolve{"resolve_dead_letter",
                         "UPDATE ops.dead_letter SET outcome = $2, resolved_at = now() "
                         "WHERE letter_id = $1::bigint AND resolved_at IS NULL"};

const Statement kNoteFailedRetry{
    "note_failed_retry",
    "UPDATE ops.dead_letter SET retries = retries + 1, retried_at = now(), retry_error = $2 "
    "WHERE letter_id = $1::bigint AND resolved_at IS NULL"};

template <class T>
Reply<T> reply_of(storage::DatabaseResult<T> result) {
  if (result) return std::move(result).value();
  log::error("dead_letter_query_failed", {{"reason", result.error().text}});
  return fail(storage::to_problem(result.error()));
}

std::optional<std::string> optional_text(const pqxx::field& field) {
  return field.is_null() ? std::nullopt : std::optional(field.as<std::string>());
}

Letter letter_of(const pqxx::row& row) {
  Letter letter;
  letter.letter_id = row[0].as<std::int64_t>();
  letter.stream = row[1].as<std::string>();
  letter.consumer = row[2].as<std::string>();
  letter.deliveries = row[3].as<int>();
  letter.reason = row[4].as<std::string>();
  letter.retries = row[5].as<int>();
  letter.retry_error = optional_text(row[6]);
  letter.outcome = optional_text(row[7]);
  letter.bytes = row[8].as<std::int64_t>();
  letter.event.subject = row[9].as<std::string>();
  letter.event.sequence = row[10].as<std::uint64_t>();
  letter.event.message_id = row[11].as<std::string>();
  letter.event.traceparent = row[12].as<std::string>();
  letter.event.signature = row[13].as<std::string>();
  letter.given_up_at = row[14].as<std::string>();
  letter.retried_at = optional_text(row[15]);
  letter.resolved_at = optional_text(row[16]);
  letter.event.stored_at = wire::parse_time(row[17].as<std::string>()).value_or(TimePoint{});
  letter.event.body = pqxx::binarystring(row[18]).str();
  return letter;
}

}  // namespace

Reply<Stored> Store::add(const StoreDeadLetter& letter, std::string_view body, Deadline deadline) {
  const auto& event = letter.event;
  const auto stored_at = wire::format_time(event.stored_at);
  return reply_of(postgres_.transaction(deadline, [&](pqxx::work& tx) {
    const auto added =
        kAdd(tx, letter.stream, letter.consumer, event.sequence, stored_at, event.subject, event.message_id,
             event.traceparent, event.signature, pqxx::binarystring(body.data(), body.size()), letter.deliveries,
             letter.reason, limits_.letters, limits_.bytes);
    if (added.affected_rows() == 1) return Stored::now;
    const auto known = kKnown(tx, letter.stream, letter.consumer, event.sequence, stored_at);
    return known.empty() ? Stored::no_room : Stored::earlier;
  }));
}

Reply<Unresolved> Store::unresolved(Deadline deadline) {
  return reply_of(postgres_.transaction(deadline, [](pqxx::work& tx) {
    const auto row = kUnresolved(tx).at(0);
    return Unresolved{row[0].as<std::int64_t>(), row[1].as<double>()};
  }));
}

Reply<int> Store::sweep(Deadline deadline) {
  return reply_of(postgres_.transaction(
      deadline, [](pqxx::work& tx) { return static_cast<int>(kSweep(tx, kMaxResolved).affected_rows()); }));
}

Reply<std::vector<Letter>> OperatorStore::list(std::int64_t after, int limit, Deadline deadline) {
  return reply_of(postgres_.transaction(deadline, [&](pqxx::work& tx) {
    std::vector<Letter> letters;
    for (const auto& row : kRead(tx, after, false, limit)) letters.push_back(letter_of(row));
    return letters;
  }));
}

Reply<std::optional<Letter>> OperatorStore::find(std::int64_t letter, Deadline deadline) {
  return reply_of(postgres_.transaction(deadline, [&](pqxx::work& tx) {
    const auto rows = kRead(tx, letter - 1, true, 1);
    const bool found = !rows.empty() && rows[0][0].as<std::int64_t>() == letter;
    return found ? std::optional(letter_of(rows[0])) : std::nullopt;
  }));
}

Reply<bool> OperatorStore::resolve(std::int64_t letter, Outcome outcome, Deadline deadline) {
  return reply_of(postgres_.transaction(deadline, [&](pqxx::work& tx) {
    const std::string name = outcome == Outcome::handled ? "handled" : "discarded";
    return kResolve(tx, letter, name).affected_rows() == 1;
  }));
}

Reply<Done> OperatorStore::note_failed_retry(std::int64_t letter, const std::string& error, Deadline deadline) {
  return reply_of(postgres_.transaction(deadline, [&](pqxx::work& tx) { (void)kNoteFailedRetry(tx, letter, error); }));
}

}  // namespace mm::leaderboard::dead_letters
