#include "services/session/store.h"

#include "common/contracts/recent.h"
#include "common/runtime/log.h"
#include "common/security/secrets.h"
#include "common/storage/outbox.h"
#include "common/storage/postgres.h"
#include "common/wire/codec.h"
#include "services/session/core/birth.h"

namespace mm::session {
namespace {

constexpr const char* kColumns =
    "match_id, tenant, mode, region, source, team_size, roster, state, reason, requeue, server_endpoint, server_url, "
    "(extract(epoch FROM found_at) * 1000)::bigint AS found_ms, "
    "(extract(epoch FROM stored_at) * 1000)::bigint AS stored_ms, "
    "(extract(epoch FROM ready_at) * 1000)::bigint AS ready_ms, "
    "(extract(epoch FROM started_at) * 1000)::bigint AS started_ms, "
    "(extract(epoch FROM ended_at) * 1000)::bigint AS ended_ms, result_hash, ended_event";

// Who is overdue; $1 is the limit in milliseconds.
constexpr const char* kUnserved = "state = 'allocating' AND stored_at <= now() - $1 * interval '1 millisecond'";
constexpr const char* kSilent =
    "state IN ('ready', 'running') AND heartbeat_at <= now() - $1 * interval '1 millisecond'";

std::string select(const std::string& rest) {
  return std::string("SELECT ") + kColumns + " FROM session.match " + rest;
}
std::string returning(const std::string& update) { return update + " RETURNING " + kColumns; }

// What every match runs several times, prepared once per connection.
const std::string kInsertSql = returning(
    "INSERT INTO session.match (match_id, tenant, mode, region, source, team_size, roster, state, found_at) "
    "VALUES ($1::uuid, $2, $3, $4, $5, $6, $7::jsonb, 'allocating', $8::timestamptz) ON CONFLICT DO NOTHING");
const std::string kFindSql = select("WHERE match_id = $1::uuid");
const std::string kFindLiveSql = select(
    "WHERE match_id = (SELECT live.match_id FROM session.live_player live "
    "WHERE live.tenant = $1 AND live.player_id = $2::uuid)");
const std::string kLockSql = select("WHERE match_id = $1::uuid FOR UPDATE");
const std::string kMakeReadySql = returning(
    "UPDATE session.match SET state = 'ready', server_id = $2::uuid, server_endpoint = $3, server_url = $4, "
    "ready_at = now(), heartbeat_at = now() WHERE match_id = $1::uuid AND state = ANY($5::text[])");
const std::string kStartSql = returning(
    "UPDATE session.match SET state = 'running', started_at = now(), heartbeat_at = now() "
    "WHERE match_id = $1::uuid AND state = ANY($2::text[])");
const std::string kHearSql = returning(
    "UPDATE session.match SET heartbeat_at = now() WHERE match_id = $1::uuid AND state IN ('ready', 'running')");
const storage::Statement kInsert{"session_insert", kInsertSql.c_str()};
const storage::Statement kFind{"session_find", kFindSql.c_str()};
const storage::Statement kFindLive{"session_find_live", kFindLiveSql.c_str()};
const storage::Statement kLock{"session_lock", kLockSql.c_str()};
const storage::Statement kMakeReady{"session_make_ready", kMakeReadySql.c_str()};
const storage::Statement kStart{"session_start", kStartSql.c_str()};
const storage::Statement kHear{"session_hear", kHearSql.c_str()};
const storage::Statement kEnterPlayers{"session_enter_players",
                                       "INSERT INTO session.live_player (tenant, player_id, match_id) "
                                       "SELECT $1, player, $2::uuid FROM unnest($3::uuid[]) AS player ORDER BY player "
                                       "ON CONFLICT DO NOTHING RETURNING player_id"};
// The players of a match that ends are free, and the match is one of their recent ones.
const storage::Statement kFreePlayers{
    "session_free_players",
    "WITH freed AS (DELETE FROM session.live_player WHERE match_id = $1::uuid) "
    "INSERT INTO session.ended_player (tenant, player_id, match_id, ended_at) "
    "SELECT $2, player, $1::uuid, now() FROM unnest($3::uuid[]) AS player ON CONFLICT DO NOTHING"};
const std::string kRecentSql = select(
    "WHERE match_id IN (SELECT ended.match_id FROM session.ended_player ended "
    "WHERE ended.tenant = $1 AND ended.player_id = $2::uuid AND ended.ended_at > now() - $3 * interval '1 millisecond' "
    "ORDER BY ended.ended_at DESC LIMIT $4) ORDER BY ended_at, match_id");
const storage::Statement kRecent{"session_recent", kRecentSql.c_str()};

// What we wrote ourselves decodes; if it does not, the table was changed by hand.
template <class T>
T own(std::optional<T>&& parsed) {
  check(parsed.has_value(), "session.match holds what session never writes");
  return *std::move(parsed);
}

template <class T>
T own_json(const std::string& text) {
  auto value = wire::decode<T>(text, wire::Unknown::ignored, bus::Bus::kTrusted);
  check(value.ok(), "session.match holds what session never writes");
  return *std::move(value);
}

std::string text_or_empty(const pqxx::field& field) {
  return field.is_null() ? std::string() : field.as<std::string>();
}

std::optional<TimePoint> time_of(const pqxx::field& field) {
  if (field.is_null()) return std::nullopt;
  return TimePoint(Milliseconds(field.as<std::int64_t>()));
}

Match match_of(const pqxx::row& row) {
  Match match;
  match.id = own(MatchId::parse(row["match_id"].c_str()));
  match.tenant = own(Tenant::parse(row["tenant"].c_str()));
  match.mode = own(Mode::parse(row["mode"].c_str()));
  match.region = own(Region::parse(row["region"].c_str()));
  match.source = own(enum_named<MatchSource>(row["source"].c_str()));
  match.team_size = row["team_size"].as<int>();
  match.teams = own_json<std::vector<FoundTeam>>(row["roster"].as<std::string>());
  match.status = own(enum_named<MatchStatus>(row["state"].c_str()));
  if (!row["reason"].is_null()) match.reason = enum_named<CancelReason>(row["reason"].c_str());
  match.requeue = own_json<std::vector<TicketId>>(row["requeue"].as<std::string>());
  match.server_endpoint = text_or_empty(row["server_endpoint"]);
  match.server_url = text_or_empty(row["server_url"]);
  match.found_at = own(time_of(row["found_ms"]));
  match.stored_at = own(time_of(row["stored_ms"]));
  match.ready_at = time_of(row["ready_ms"]);
  match.started_at = time_of(row["started_ms"]);
  match.ended_at = time_of(row["ended_ms"]);
  match.result_hash = text_or_empty(row["result_hash"]);
  match.ended_event = text_or_empty(row["ended_event"]);
  return match;
}

std::optional<Match> one_of(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return match_of(rows[0]);
}

std::vector<Match> all_of(const pqxx::result& rows) {
  std::vector<Match> matches;
  for (const auto& row : rows) matches.push_back(match_of(row));
  return matches;
}

// An array of states for `state = ANY($n::text[])`.
std::string states_text(const std::vector<MatchStatus>& states) {
  std::string text = "{";
  for (auto state : states) text += (text.size() > 1 ? "," : "") + std::string(text_of(state));
  return text + "}";
}

std::string ids_text(const std::vector<PlayerId>& ids) {
  std::string text = "{";
  for (const auto& id : ids) text += (text.size() > 1 ? "," : "") + id.to_string();
  return text + "}";
}

/// The fact's own message id: sent again after a crash, it is the same message.
std::string message_id(MatchId match, std::string_view fact) { return match.to_string() + "." + std::string(fact); }

void free_players(pqxx::work& tx, const Match& match) {
  kFreePlayers(tx, match.id.to_string(), match.tenant.str(), ids_text(players_of(match.teams)));
}

std::optional<Match> lock(pqxx::work& tx, MatchId match) { return one_of(kLock(tx, match.to_string())); }

// One transaction; a lost reply to the commit is answered by doing it again, which the key of the work makes safe.
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

// The same for work that may have put an event into the outbox: its relay looks at once.
template <class Work>
auto run_telling(storage::Postgres& postgres, storage::Outbox& outbox, Deadline deadline, Work work) {
  auto result = run(postgres, deadline, work);
  if (result) outbox.wake();
  return result;
}

// None: the row was there before.
std::optional<Match> insert(pqxx::work& tx, const MatchFound& found) {
  return one_of(kInsert(tx, found.match_id.to_string(), found.tenant.str(), found.mode.str(), found.region.str(),
                        std::string(text_of(found.source)), found.team_size, wire::encode(found.teams),
                        wire::format_time(found.created_at)));
}

/// Who could not be entered because they are in another live match. Rows are taken in the players' order, so that two
/// matches that share players wait for each other in one direction only.
std::set<PlayerId> enter_players(pqxx::work& tx, const Match& match) {
  const auto players = players_of(match.teams);
  const auto rows = kEnterPlayers(tx, match.tenant.str(), match.id.to_string(), ids_text(players));
  std::set<PlayerId> busy(players.begin(), players.end());
  for (const auto& row : rows) busy.erase(own(PlayerId::parse(row[0].c_str())));
  return busy;
}

/// The match as the void report leaves it; the row is locked and the match can still end.
Match cancel_void(pqxx::work& tx, storage::Outbox& outbox, const Match& match, const Report& report) {
  const auto cancelled = cancellation(match.teams, CancelReason::voided);
  const auto event = cancelled_event(match, cancelled);
  auto row = tx.exec_params(
      returning("UPDATE session.match SET state = 'cancelled', reason = $2, ended_event = $3, "
                "result_hash = nullif($4, ''), ended_at = now() WHERE match_id = $1::uuid AND state = ANY($5::text[])"),
      match.id.to_string(), std::string(text_of(cancelled.reason)), wire::encode(event), report.hash,
      states_text(states_before(MatchStatus::cancelled)));
  free_players(tx, match);
  outbox.add(tx, event, message_id(match.id, "cancelled"));
  return own(one_of(row));
}

}  // namespace

Reply<Store::Stored> Store::store_found(const MatchFound& found, const ModeTable& modes, Milliseconds age_limit,
                                        Deadline deadline) {
  const auto bad = bad_roster(found, modes);
  return run_telling(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> Stored {
    auto born = insert(tx, found);
    if (!born) return {own(lock(tx, found.match_id)), false, {}};
    Cancellation cancelled;
    std::string refused;
    const auto everyone = players_of(found.teams);
    if (bad) {
      refused = *bad;
      cancelled = cancellation(found.teams, CancelReason::conflict, {everyone.begin(), everyone.end()});
    } else if (too_old(found, born->stored_at, age_limit)) {
      refused = "it waited too long for its row";
      cancelled = cancellation(found.teams, CancelReason::no_server);
    } else if (const auto busy = enter_players(tx, *born); !busy.empty()) {
      refused = "a player is in another live match";
      cancelled = cancellation(found.teams, CancelReason::conflict, busy);
    } else {
      return {*std::move(born), true, {}};
    }
    free_players(tx, *born);
    const auto event = cancelled_event(*born, cancelled);
    // No server was ever asked for, so there is none to give back.
    auto row = tx.exec_params(
        returning("UPDATE session.match SET state = 'cancelled', reason = $2, requeue = $3::jsonb, ended_event = $4, "
                  "ended_at = now(), released = true WHERE match_id = $1::uuid AND state = ANY($5::text[])"),
        found.match_id.to_string(), std::string(text_of(cancelled.reason)), wire::encode(cancelled.requeue),
        wire::encode(event), states_text(states_before(MatchStatus::cancelled)));
    outbox_.add(tx, event, message_id(found.match_id, "cancelled"));
    return {own(one_of(row)), true, std::move(refused)};
  });
}

Reply<Done> Store::say_again(const Match& match, Deadline deadline) {
  const auto id = security::random_token(12);
  return run_telling(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> Done {
    switch (match.status) {
      case MatchStatus::allocating:
      case MatchStatus::loading: break;  // nothing is decided: the event comes when it is
      case MatchStatus::ready:
      case MatchStatus::running: outbox_.add(tx, ready_event(match), message_id(match.id, "ready." + id)); break;
      case MatchStatus::completed:
        outbox_.add(tx, MatchCompleted::kSubject.text, match.ended_event, message_id(match.id, "completed." + id));
        break;
      case MatchStatus::cancelled:
        outbox_.add(tx, MatchCancelled::kSubject.text, match.ended_event, message_id(match.id, "cancelled." + id));
        break;
    }
    return {};
  });
}

Reply<std::optional<Match>> Store::find(MatchId match, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) { return one_of(kFind(tx, match.to_string())); });
}

Reply<std::optional<Match>> Store::find_live(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return run(postgres_, deadline,
             [&](pqxx::work& tx) { return one_of(kFindLive(tx, tenant.str(), player.to_string())); });
}

Reply<std::vector<Match>> Store::waiting(int most, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(tx.exec_params(select("WHERE state = 'allocating' ORDER BY found_at, match_id LIMIT $1"), most));
  });
}

Reply<std::optional<Match>> Store::make_ready(MatchId match, const Allocation& allocation, Deadline deadline) {
  return run_telling(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    auto ready = one_of(kMakeReady(tx, match.to_string(), allocation.server_id.to_string(), allocation.server_endpoint,
                                   allocation.server_url, states_text(states_before(MatchStatus::ready))));
    if (ready) outbox_.add(tx, ready_event(*ready), message_id(match, "ready"));
    return ready;
  });
}

Reply<Store::Heard> Store::hear(MatchId match, bool running, Deadline deadline) {
  const auto id = match.to_string();
  return run(postgres_, deadline, [&](pqxx::work& tx) -> Heard {
    if (running) {
      auto started = one_of(kStart(tx, id, states_text(states_before(MatchStatus::running))));
      if (started) return {std::move(started), true, true};
    }
    auto heard = one_of(kHear(tx, id));
    if (heard) return {std::move(heard), true, false};
    return {one_of(kFind(tx, id)), false, false};
  });
}

Reply<Store::Judged> Store::complete(MatchId match, const Report& report, Deadline deadline) {
  return run_telling(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> Judged {
    auto row = own(lock(tx, match));
    const auto verdict = judge(row, report);
    const auto before = row.status;
    if (verdict != Verdict::accept) return {std::move(row), verdict, before};
    if (report.voids) return {cancel_void(tx, outbox_, row, report), verdict, before};
    const auto now = own(time_of(tx.exec("SELECT (extract(epoch FROM now()) * 1000)::bigint")[0][0]));
    const auto event = completed_event(row, report, now);
    auto completed = tx.exec_params(
        returning("UPDATE session.match SET state = 'completed', started_at = coalesce(started_at, ready_at), "
                  "ended_at = now(), result_hash = $2, ended_event = $3 "
                  "WHERE match_id = $1::uuid AND state = ANY($4::text[])"),
        match.to_string(), report.hash, wire::encode(event), states_text(states_before(MatchStatus::completed)));
    free_players(tx, row);
    outbox_.add(tx, event, message_id(match, "completed"));
    return {own(one_of(completed)), verdict, before};
  });
}

Reply<std::vector<Match>> Store::recent(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(kRecent(tx, tenant.str(), player.to_string(), kRecentTime.count(), kRecentMatchesMax));
  });
}

Reply<std::vector<Match>> Store::unserved(Milliseconds limit, int most, Deadline deadline) {
  return overdue(Overdue::unserved, limit, most, deadline);
}

Reply<std::vector<Match>> Store::silent(Milliseconds limit, int most, Deadline deadline) {
  return overdue(Overdue::silent, limit, most, deadline);
}

Reply<std::optional<Match>> Store::cancel_unserved(const Match& match, Milliseconds limit, Deadline deadline) {
  return cancel_overdue(Overdue::unserved, match, limit, deadline);
}

Reply<std::optional<Match>> Store::cancel_silent(const Match& match, Milliseconds limit, Deadline deadline) {
  return cancel_overdue(Overdue::silent, match, limit, deadline);
}

Reply<std::vector<Match>> Store::overdue(Overdue kind, Milliseconds limit, int most, Deadline deadline) {
  const std::string due = kind == Overdue::unserved ? kUnserved : kSilent;
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(tx.exec_params(select("WHERE " + due + " ORDER BY stored_at LIMIT $2"), limit.count(), most));
  });
}

Reply<std::optional<Match>> Store::cancel_overdue(Overdue kind, const Match& match, Milliseconds limit,
                                                  Deadline deadline) {
  const bool unserved = kind == Overdue::unserved;
  const auto cancelled = cancellation(match.teams, unserved ? CancelReason::no_server : CancelReason::server_lost);
  const auto event = cancelled_event(match, cancelled);
  return run_telling(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    // The condition stands here again: a server or a heartbeat may have come since the look.
    auto row = one_of(tx.exec_params(
        returning("UPDATE session.match SET state = 'cancelled', reason = $3, requeue = $4::jsonb, ended_event = $5, "
                  "ended_at = now() WHERE match_id = $2::uuid AND " +
                  std::string(unserved ? kUnserved : kSilent)),
        limit.count(), match.id.to_string(), std::string(text_of(cancelled.reason)), wire::encode(cancelled.requeue),
        wire::encode(event)));
    if (row) {
      free_players(tx, match);
      outbox_.add(tx, event, message_id(match.id, "cancelled"));
    }
    return row;
  });
}

Reply<std::vector<MatchId>> Store::unreleased(int most, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    std::vector<MatchId> matches;
    const auto rows = tx.exec_params(
        "SELECT match_id FROM session.match WHERE NOT released AND ended_at IS NOT NULL ORDER BY ended_at LIMIT $1",
        most);
    for (const auto& row : rows) matches.push_back(own(MatchId::parse(row[0].c_str())));
    return matches;
  });
}

Reply<Done> Store::mark_released(MatchId match, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) -> Done {
    tx.exec_params("UPDATE session.match SET released = true WHERE match_id = $1::uuid AND ended_at IS NOT NULL",
                   match.to_string());
    return {};
  });
}

Reply<int> Store::prune(Milliseconds keep, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    const auto gone = tx.exec_params(
        "DELETE FROM session.match WHERE match_id IN (SELECT match_id FROM session.match WHERE released AND "
        "ended_at < now() - $1 * interval '1 millisecond' ORDER BY ended_at LIMIT 500)",
        keep.count());
    return static_cast<int>(gone.affected_rows());
  });
}

Reply<Done> Store::prune_recent(Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) -> Done {
    tx.exec_params("DELETE FROM session.ended_player WHERE ended_at <= now() - $1 * interval '1 millisecond'",
                   kRecentTime.count());
    return {};
  });
}

}  // namespace mm::session
