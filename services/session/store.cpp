#include "services/session/store.h"

#include <map>
#include <set>

#include "common/bus/outbox.h"
#include "common/contracts/recent.h"
#include "common/runtime/log.h"
#include "common/storage/array_text.h"
#include "common/storage/postgres.h"
#include "common/wire/codec.h"

namespace mm::session {

using storage::array_text;

namespace {

constexpr const char* kColumns =
    "match_id, tenant, mode, region, source, team_size, roster, state, reason, requeue, server_endpoint, server_url, "
    "(extract(epoch FROM found_at) * 1000)::bigint AS found_ms, "
    "(extract(epoch FROM stored_at) * 1000)::bigint AS stored_ms, "
    "(extract(epoch FROM ready_at) * 1000)::bigint AS ready_ms, "
    "(extract(epoch FROM started_at) * 1000)::bigint AS started_ms, "
    "(extract(epoch FROM ended_at) * 1000)::bigint AS ended_ms, result_hash, ended_event";

// Conditions of overdue matches. `limit`: the parameter that is the limit in milliseconds, as "$1".
std::string is_unserved(const std::string& limit) {
  return "state = 'allocating' AND stored_at <= now() - " + limit + " * interval '1 millisecond'";
}
std::string is_silent(const std::string& limit) {
  return "state IN ('ready', 'running') AND heartbeat_at <= now() - " + limit + " * interval '1 millisecond'";
}

std::string select(const std::string& rest) {
  return std::string("SELECT ") + kColumns + " FROM session.match " + rest;
}
std::string returning(const std::string& update) { return update + " RETURNING " + kColumns; }

// The end of a match, with further columns and a further condition.
std::string end_sql(const std::string& columns, const std::string& condition) {
  return returning(
      "UPDATE session.match SET state = $2, reason = $3, requeue = $4::jsonb, ended_event = $5, "
      "result_hash = nullif($6, ''), ended_at = now()" +
      columns + " WHERE match_id = $1::uuid AND state = ANY($7::text[])" + condition);
}

// Statements that run for every match, prepared once per connection.
// Matches are inserted in the order of their ids, and players in the order of theirs. So two transactions that insert
// the same matches, or matches with common players, cannot wait for each other at the same time.
const std::string kInsertSql = returning(
    "INSERT INTO session.match (match_id, tenant, mode, region, source, team_size, roster, state, found_at) "
    "SELECT m.id, m.tenant, m.mode, m.region, m.source, m.team_size, m.roster::jsonb, 'allocating', m.found_at "
    "FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], "
    "$8::timestamptz[]) AS m (id, tenant, mode, region, source, team_size, roster, found_at) "
    "ORDER BY m.id ON CONFLICT DO NOTHING");
const std::string kFindSql = select("WHERE match_id = $1::uuid");
const std::string kFindAllSql = select("WHERE match_id = ANY($1::uuid[])");
const std::string kFindLiveSql = select(
    "WHERE match_id = (SELECT live.match_id FROM session.live_player live "
    "WHERE live.tenant = $1 AND live.player_id = $2::uuid)");
const std::string kLockSql = std::string("SELECT ") + kColumns +
                             ", (extract(epoch FROM now()) * 1000)::bigint AS now_ms FROM session.match "
                             "WHERE match_id = $1::uuid FOR UPDATE";
const std::string kMakeReadySql = returning(
    "UPDATE session.match SET state = 'ready', server_id = $2::uuid, server_endpoint = $3, server_url = $4, "
    "ready_at = now(), heartbeat_at = now() WHERE match_id = $1::uuid AND state = ANY($5::text[])");
const std::string kStartSql = returning(
    "UPDATE session.match SET state = 'running', started_at = now(), heartbeat_at = now() "
    "WHERE match_id = $1::uuid AND state = ANY($2::text[])");
const std::string kCompleteSql = end_sql(", started_at = coalesce(started_at, ready_at)", "");
const std::string kCancelSql = end_sql("", "");
const std::string kCancelNewSql = end_sql(", released = true", "");
const std::string kCancelUnservedSql = end_sql("", " AND " + is_unserved("$8"));
const std::string kCancelSilentSql = end_sql("", " AND " + is_silent("$8"));
const std::string kRecordHeartbeatSql = returning(
    "UPDATE session.match SET heartbeat_at = now() WHERE match_id = $1::uuid AND state IN ('ready', 'running')");
const storage::Statement kInsert{"session_insert", kInsertSql.c_str()};
const storage::Statement kFind{"session_find", kFindSql.c_str()};
const storage::Statement kFindAll{"session_find_all", kFindAllSql.c_str()};
const storage::Statement kFindLive{"session_find_live", kFindLiveSql.c_str()};
const storage::Statement kLock{"session_lock", kLockSql.c_str()};
const storage::Statement kMakeReady{"session_make_ready", kMakeReadySql.c_str()};
const storage::Statement kStart{"session_start", kStartSql.c_str()};
const storage::Statement kComplete{"session_complete", kCompleteSql.c_str()};
const storage::Statement kCancel{"session_cancel", kCancelSql.c_str()};
const storage::Statement kCancelNew{"session_cancel_new", kCancelNewSql.c_str()};
const storage::Statement kCancelUnserved{"session_cancel_unserved", kCancelUnservedSql.c_str()};
const storage::Statement kCancelSilent{"session_cancel_silent", kCancelSilentSql.c_str()};
const storage::Statement kRecordHeartbeat{"session_record_heartbeat", kRecordHeartbeatSql.c_str()};
const storage::Statement kEnterPlayers{"session_enter_players",
                                       "INSERT INTO session.live_player (tenant, player_id, match_id) "
                                       "SELECT p.tenant, p.player, p.match_id "
                                       "FROM unnest($1::text[], $2::uuid[], $3::uuid[]) WITH ORDINALITY "
                                       "AS p (tenant, player, match_id, place) ORDER BY p.tenant, p.player, p.place "
                                       "ON CONFLICT DO NOTHING RETURNING match_id, player_id"};
// When a match ends, its players are no longer live players, and the match is one of their recent matches.
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

// For values that session wrote itself: they parse unless somebody changed the table by hand.
template <class T>
T require(std::optional<T>&& parsed) {
  check(parsed.has_value(), "session.match holds a value that session never writes");
  return *std::move(parsed);
}

template <class T>
T json_of(const std::string& text) {
  auto value = wire::decode<T>(text, wire::Unknown::ignored, bus::Bus::kTrusted);
  check(value.ok(), "session.match holds a value that session never writes");
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
  match.id = require(MatchId::parse(row["match_id"].c_str()));
  match.tenant = require(Tenant::parse(row["tenant"].c_str()));
  match.mode = require(Mode::parse(row["mode"].c_str()));
  match.region = require(Region::parse(row["region"].c_str()));
  match.source = require(enum_named<MatchSource>(row["source"].c_str()));
  match.team_size = row["team_size"].as<int>();
  match.teams = json_of<std::vector<FoundTeam>>(row["roster"].as<std::string>());
  match.status = require(enum_named<MatchStatus>(row["state"].c_str()));
  if (!row["reason"].is_null()) match.reason = enum_named<CancelReason>(row["reason"].c_str());
  match.requeue = json_of<std::vector<TicketId>>(row["requeue"].as<std::string>());
  match.server_endpoint = text_or_empty(row["server_endpoint"]);
  match.server_url = text_or_empty(row["server_url"]);
  match.found_at = require(time_of(row["found_ms"]));
  match.stored_at = require(time_of(row["stored_ms"]));
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

/// The states as text for `state = ANY($n::text[])`.
std::string states_text(const std::vector<MatchStatus>& states) {
  std::string text = "{";
  for (auto state : states) text += (text.size() > 1 ? "," : "") + std::string(text_of(state));
  return text + "}";
}

/// The id of an event's message. An event that is sent again has the same id, so the bus drops the duplicate.
std::string message_id(MatchId match, std::string_view fact) { return match.to_string() + "." + std::string(fact); }

void free_players(pqxx::work& tx, const Match& match) {
  kFreePlayers(tx, match.id.to_string(), match.tenant.str(),
               array_text(players_of(match.teams), [](PlayerId id) { return id.to_string(); }));
}

// Runs one transaction. If the reply to the commit was lost, runs it again: every transaction here is idempotent.
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

// As run(), for transactions that may put an event into the outbox. Wakes the relay of the outbox.
template <class Work>
auto run_and_wake(storage::Postgres& postgres, bus::Outbox& outbox, Deadline deadline, Work work) {
  auto result = run(postgres, deadline, work);
  if (result) outbox.wake();
  return result;
}

/// Returns the rows that were not there before.
std::map<MatchId, Match> insert(pqxx::work& tx, const std::vector<Store::Arrival>& arrivals) {
  const auto column = [&](auto value) {
    return array_text(arrivals, [&](const Store::Arrival& arrival) { return value(arrival.found); });
  };
  using Found = const MatchFound&;
  const auto rows = kInsert(
      tx, column([](Found f) { return f.match_id.to_string(); }), column([](Found f) { return f.tenant.str(); }),
      column([](Found f) { return f.mode.str(); }), column([](Found f) { return f.region.str(); }),
      column([](Found f) { return std::string(text_of(f.source)); }), column([](Found f) { return f.team_size; }),
      column([](Found f) { return wire::encode(f.teams); }),
      column([](Found f) { return wire::format_time(f.created_at); }));
  std::map<MatchId, Match> fresh;
  for (auto& match : all_of(rows)) fresh.emplace(match.id, std::move(match));
  return fresh;
}

/// Makes the players of these matches live players. Returns, by match, the players whom another live match has.
std::map<MatchId, std::set<PlayerId>> enter_players(pqxx::work& tx, const std::vector<const Match*>& matches) {
  struct Entry {
    const Match* match;
    PlayerId player;
  };
  std::vector<Entry> entries;
  std::map<MatchId, std::set<PlayerId>> busy;
  for (const auto* match : matches) {
    for (const auto player : players_of(match->teams)) entries.push_back({match, player});
  }
  if (entries.empty()) return busy;
  const auto rows = kEnterPlayers(tx, array_text(entries, [](const Entry& e) { return e.match->tenant.str(); }),
                                  array_text(entries, [](const Entry& e) { return e.player.to_string(); }),
                                  array_text(entries, [](const Entry& e) { return e.match->id.to_string(); }));
  if (rows.size() == entries.size()) return busy;
  for (const auto& entry : entries) busy[entry.match->id].insert(entry.player);
  for (const auto& row : rows) {
    busy[require(MatchId::parse(row[0].c_str()))].erase(require(PlayerId::parse(row[1].c_str())));
  }
  std::erase_if(busy, [](const auto& of_match) { return of_match.second.empty(); });
  return busy;
}

/// Writes the end of the match with `update`: the row, its players, its event. `limit`: the parameter of the further
/// condition of `update`, if any. None: the row does not satisfy the conditions.
template <class... Limit>
std::optional<Match> write_end(pqxx::work& tx, bus::Outbox& outbox, const storage::Statement& update,
                               const Match& match, const MatchEnd& end, const Limit&... limit) {
  const auto* cancelled = std::get_if<MatchCancelled>(&end.event);
  const auto status = cancelled != nullptr ? MatchStatus::cancelled : MatchStatus::completed;
  std::optional<std::string> reason;
  if (cancelled != nullptr) reason = std::string(text_of(cancelled->reason));
  const auto requeue = cancelled != nullptr ? cancelled->requeue : std::vector<TicketId>{};
  return std::visit(
      [&](const auto& event) {
        auto ended =
            one_of(update(tx, match.id.to_string(), std::string(text_of(status)), reason, wire::encode(requeue),
                          wire::encode(event), end.result_hash, states_text(states_before(status)), limit...));
        if (!ended) return ended;
        free_players(tx, match);
        outbox.add(tx, event, message_id(match.id, text_of(status)));
        return ended;
      },
      end.event);
}

using Refusals = std::map<MatchId, Refusal>;

/// Asks `decide` about each new row, and makes the players of the matches that are not refused live players.
Refusals refuse(pqxx::work& tx, const std::vector<Store::Arrival>& arrivals, const std::map<MatchId, Match>& fresh,
                const Store::DecideStart& decide) {
  Refusals refusals;
  std::vector<const Match*> candidates;
  std::map<MatchId, const Store::Arrival*> first;  // of the arrivals of each new match
  for (const auto& arrival : arrivals) {
    const auto row = fresh.find(arrival.found.match_id);
    if (row == fresh.end() || !first.emplace(row->first, &arrival).second) continue;
    if (auto refusal = decide(arrival, row->second, {})) refusals.emplace(row->first, *std::move(refusal));
    else candidates.push_back(&row->second);
  }
  for (const auto& [id, busy] : enter_players(tx, candidates)) {
    auto refusal = decide(*first.at(id), fresh.at(id), busy);
    check(refusal.has_value(), "a match with a busy player was not refused");
    refusals.emplace(id, *std::move(refusal));
  }
  return refusals;
}

}  // namespace

Reply<std::vector<Store::Stored>> Store::insert_found(const std::vector<Arrival>& arrivals, const DecideStart& decide,
                                                      Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    auto fresh = insert(tx, arrivals);
    const auto refusals = refuse(tx, arrivals, fresh, decide);
    std::vector<MatchId> known;
    for (const auto& [found, bad_roster, trace] : arrivals) {
      const auto refused = refusals.find(found.match_id);
      if (!fresh.contains(found.match_id)) known.push_back(found.match_id);
      if (refused == refusals.end() || fresh.at(found.match_id).status == MatchStatus::cancelled) continue;
      const trace::Scope scope(trace);
      // The match has no server to release, because no server was requested for it.
      auto& match = fresh.at(found.match_id);
      match = require(write_end(tx, outbox_, kCancelNew, match, {refused->second.event, {}}));
    }
    std::map<MatchId, Match> there;
    if (!known.empty()) {
      const auto ids = array_text(known, [](MatchId id) { return id.to_string(); });
      for (auto& match : all_of(kFindAll(tx, ids))) there.emplace(match.id, std::move(match));
    }
    std::vector<Stored> stored;
    std::set<MatchId> seen;
    for (const auto& [found, bad_roster, trace] : arrivals) {
      const auto row = fresh.find(found.match_id);
      const auto refused = refusals.find(found.match_id);
      const auto& match = row != fresh.end() ? row->second : there.at(found.match_id);
      const bool is_first = row != fresh.end() && seen.insert(found.match_id).second;
      stored.push_back({match, is_first, refused == refusals.end() ? "" : refused->second.why});
    }
    return stored;
  });
}

Reply<std::optional<Match>> Store::find(MatchId match, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) { return one_of(kFind(tx, match.to_string())); });
}

Reply<std::optional<Match>> Store::find_live(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return run(postgres_, deadline,
             [&](pqxx::work& tx) { return one_of(kFindLive(tx, tenant.str(), player.to_string())); });
}

Reply<std::vector<Match>> Store::waiting(int max, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(tx.exec_params(select("WHERE state = 'allocating' ORDER BY found_at, match_id LIMIT $1"), max));
  });
}

Reply<std::optional<Match>> Store::make_ready(MatchId match, const Allocation& allocation, Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    auto ready = one_of(kMakeReady(tx, match.to_string(), allocation.server_id.to_string(), allocation.server_endpoint,
                                   allocation.server_url, states_text(states_before(MatchStatus::ready))));
    if (ready) outbox_.add(tx, ready_event(*ready), message_id(match, "ready"));
    return ready;
  });
}

Reply<Store::RecordedHeartbeat> Store::record_heartbeat(MatchId match, bool running, Deadline deadline) {
  const auto id = match.to_string();
  return run(postgres_, deadline, [&](pqxx::work& tx) -> RecordedHeartbeat {
    if (running) {
      auto started = one_of(kStart(tx, id, states_text(states_before(MatchStatus::running))));
      if (started) return {std::move(started), true, true};
    }
    auto counted = one_of(kRecordHeartbeat(tx, id));
    if (counted) return {std::move(counted), true, false};
    return {one_of(kFind(tx, id)), false, false};
  });
}

Reply<std::optional<Store::Judged>> Store::with_locked(MatchId match, const DecideEnd& decide, Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> std::optional<Judged> {
    const auto rows = kLock(tx, match.to_string());
    if (rows.empty()) return std::nullopt;
    auto row = match_of(rows[0]);
    const auto before = row.status;
    const auto [verdict, end] = decide(row, require(time_of(rows[0]["now_ms"])));
    if (!end) return Judged{std::move(row), verdict, before};
    const auto& update = std::holds_alternative<MatchCompleted>(end->event) ? kComplete : kCancel;
    return Judged{require(write_end(tx, outbox_, update, row, *end)), verdict, before};
  });
}

Reply<std::vector<Match>> Store::recent(const Tenant& tenant, PlayerId player, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(kRecent(tx, tenant.str(), player.to_string(), kRecentTime.count(), kMaxRecentMatches));
  });
}

Reply<std::vector<Match>> Store::overdue(Overdue kind, Milliseconds limit, int max, Deadline deadline) {
  const auto condition = kind == Overdue::unserved ? is_unserved("$1") : is_silent("$1");
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(tx.exec_params(select("WHERE " + condition + " ORDER BY stored_at LIMIT $2"), limit.count(), max));
  });
}

Reply<std::optional<Match>> Store::end_overdue(Overdue kind, Milliseconds limit, const Match& match,
                                               const MatchEnd& end, Deadline deadline) {
  // The statement checks again that the match is overdue: a server or a heartbeat may have come since overdue().
  const auto& update = kind == Overdue::unserved ? kCancelUnserved : kCancelSilent;
  return run_and_wake(postgres_, outbox_, deadline,
                      [&](pqxx::work& tx) { return write_end(tx, outbox_, update, match, end, limit.count()); });
}

Reply<std::vector<MatchId>> Store::unreleased(int max, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    std::vector<MatchId> matches;
    const auto rows = tx.exec_params(
        "SELECT match_id FROM session.match WHERE NOT released AND ended_at IS NOT NULL ORDER BY ended_at LIMIT $1",
        max);
    for (const auto& row : rows) matches.push_back(require(MatchId::parse(row[0].c_str())));
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

Reply<int> Store::prune(Milliseconds retention, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    const auto deleted = tx.exec_params(
        "DELETE FROM session.match WHERE match_id IN (SELECT match_id FROM session.match WHERE released AND "
        "ended_at < now() - $1 * interval '1 millisecond' ORDER BY ended_at LIMIT 500)",
        retention.count());
    return static_cast<int>(deleted.affected_rows());
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
