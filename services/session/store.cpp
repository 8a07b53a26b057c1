#include "services/session/store.h"

#include <map>
#include <set>

#include "common/contracts/recent.h"
#include "common/runtime/log.h"
#include "common/storage/array_text.h"
#include "common/storage/outbox.h"
#include "common/storage/postgres.h"
#include "common/wire/codec.h"
#include "services/session/core/initial_state.h"

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

// Who is overdue; $1 is the limit in milliseconds.
constexpr const char* kUnserved = "state = 'allocating' AND stored_at <= now() - $1 * interval '1 millisecond'";
constexpr const char* kSilent =
    "state IN ('ready', 'running') AND heartbeat_at <= now() - $1 * interval '1 millisecond'";

std::string select(const std::string& rest) {
  return std::string("SELECT ") + kColumns + " FROM session.match " + rest;
}
std::string returning(const std::string& update) { return update + " RETURNING " + kColumns; }

// What every match runs several times, prepared once per connection.
// Rows are inserted in the order of their ids, and players in theirs, so that two transactions that store the same
// matches, or matches that share players, wait for each other in one direction only.
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
const std::string kLockSql = select("WHERE match_id = $1::uuid FOR UPDATE");
const std::string kMakeReadySql = returning(
    "UPDATE session.match SET state = 'ready', server_id = $2::uuid, server_endpoint = $3, server_url = $4, "
    "ready_at = now(), heartbeat_at = now() WHERE match_id = $1::uuid AND state = ANY($5::text[])");
const std::string kStartSql = returning(
    "UPDATE session.match SET state = 'running', started_at = now(), heartbeat_at = now() "
    "WHERE match_id = $1::uuid AND state = ANY($2::text[])");
const std::string kBearCancelledSql = returning(
    "UPDATE session.match SET state = 'cancelled', reason = $2, requeue = $3::jsonb, ended_event = $4, "
    "ended_at = now(), released = true WHERE match_id = $1::uuid AND state = ANY($5::text[])");
const std::string kRecordHeartbeatSql = returning(
    "UPDATE session.match SET heartbeat_at = now() WHERE match_id = $1::uuid AND state IN ('ready', 'running')");
const storage::Statement kInsert{"session_insert", kInsertSql.c_str()};
const storage::Statement kFind{"session_find", kFindSql.c_str()};
const storage::Statement kFindAll{"session_find_all", kFindAllSql.c_str()};
const storage::Statement kFindLive{"session_find_live", kFindLiveSql.c_str()};
const storage::Statement kLock{"session_lock", kLockSql.c_str()};
const storage::Statement kMakeReady{"session_make_ready", kMakeReadySql.c_str()};
const storage::Statement kStart{"session_start", kStartSql.c_str()};
const storage::Statement kBearCancelled{"session_bear_cancelled", kBearCancelledSql.c_str()};
const storage::Statement kRecordHeartbeat{"session_record_heartbeat", kRecordHeartbeatSql.c_str()};
const storage::Statement kEnterPlayers{"session_enter_players",
                                       "INSERT INTO session.live_player (tenant, player_id, match_id) "
                                       "SELECT p.tenant, p.player, p.match_id "
                                       "FROM unnest($1::text[], $2::uuid[], $3::uuid[]) WITH ORDINALITY "
                                       "AS p (tenant, player, match_id, place) ORDER BY p.tenant, p.player, p.place "
                                       "ON CONFLICT DO NOTHING RETURNING match_id, player_id"};
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
T json_of(const std::string& text) {
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
  match.teams = json_of<std::vector<FoundTeam>>(row["roster"].as<std::string>());
  match.status = own(enum_named<MatchStatus>(row["state"].c_str()));
  if (!row["reason"].is_null()) match.reason = enum_named<CancelReason>(row["reason"].c_str());
  match.requeue = json_of<std::vector<TicketId>>(row["requeue"].as<std::string>());
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

/// The fact's own message id: sent again after a crash, it is the same message.
std::string message_id(MatchId match, std::string_view fact) { return match.to_string() + "." + std::string(fact); }

void free_players(pqxx::work& tx, const Match& match) {
  kFreePlayers(tx, match.id.to_string(), match.tenant.str(),
               array_text(players_of(match.teams), [](PlayerId id) { return id.to_string(); }));
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
auto run_and_wake(storage::Postgres& postgres, storage::Outbox& outbox, Deadline deadline, Work work) {
  auto result = run(postgres, deadline, work);
  if (result) outbox.wake();
  return result;
}

/// The rows that were not there before.
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
  std::map<MatchId, Match> born;
  for (auto& match : all_of(rows)) born.emplace(match.id, std::move(match));
  return born;
}

/// Of each match, the players who could not be entered because another live match has them.
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
    busy[own(MatchId::parse(row[0].c_str()))].erase(own(PlayerId::parse(row[1].c_str())));
  }
  std::erase_if(busy, [](const auto& of_match) { return of_match.second.empty(); });
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

/// Why a match is born cancelled.
struct Refusal {
  std::string why;
  Cancellation cancellation;
};

using Refusals = std::map<MatchId, Refusal>;

/// Enters the players of those that may live; says which of the born may not.
Refusals refuse_some(pqxx::work& tx, const std::vector<Store::Arrival>& arrivals, const std::map<MatchId, Match>& born,
                     Milliseconds age_limit) {
  Refusals refusals;
  std::vector<const Match*> candidates;
  std::set<MatchId> seen;
  for (const auto& [found, bad_roster, trace] : arrivals) {
    const auto row = born.find(found.match_id);
    if (row == born.end() || !seen.insert(found.match_id).second) continue;
    if (bad_roster) {
      const auto everyone = players_of(found.teams);
      refusals[found.match_id] = {
          *bad_roster, cancellation(found.teams, CancelReason::conflict, {everyone.begin(), everyone.end()})};
    } else if (too_old(found, row->second.stored_at, age_limit)) {
      refusals[found.match_id] = {"it waited too long for its row", cancellation(found.teams, CancelReason::no_server)};
    } else {
      candidates.push_back(&row->second);
    }
  }
  for (const auto& [id, busy] : enter_players(tx, candidates)) {
    refusals[id] = {"a player is in another live match", cancellation(born.at(id).teams, CancelReason::conflict, busy)};
  }
  return refusals;
}

}  // namespace

Reply<std::vector<Store::Stored>> Store::store_found(const std::vector<Arrival>& arrivals, Milliseconds age_limit,
                                                     Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    auto born = insert(tx, arrivals);
    const auto refusals = refuse_some(tx, arrivals, born, age_limit);
    std::vector<MatchId> known;
    for (const auto& [found, bad_roster, trace] : arrivals) {
      const auto refused = refusals.find(found.match_id);
      if (!born.contains(found.match_id)) known.push_back(found.match_id);
      if (refused == refusals.end() || born.at(found.match_id).status == MatchStatus::cancelled) continue;
      const auto& cancelled = refused->second.cancellation;
      free_players(tx, born.at(found.match_id));
      const auto event = cancelled_event(born.at(found.match_id), cancelled);
      // No server was ever asked for, so there is none to give back.
      const auto row = kBearCancelled(tx, found.match_id.to_string(), std::string(text_of(cancelled.reason)),
                                      wire::encode(cancelled.requeue), wire::encode(event),
                                      states_text(states_before(MatchStatus::cancelled)));
      born.at(found.match_id) = own(one_of(row));
      const trace::Scope scope(trace);
      outbox_.add(tx, event, message_id(found.match_id, "cancelled"));
    }
    std::map<MatchId, Match> there;
    if (!known.empty()) {
      const auto ids = array_text(known, [](MatchId id) { return id.to_string(); });
      for (auto& match : all_of(kFindAll(tx, ids))) there.emplace(match.id, std::move(match));
    }
    std::vector<Stored> stored;
    for (const auto& arrival : arrivals) {
      const auto id = arrival.found.match_id;
      const auto refused = refusals.find(id);
      if (born.contains(id))
        stored.push_back({born.at(id), true, refused == refusals.end() ? "" : refused->second.why});
      else stored.push_back({there.at(id), false, {}});
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

Reply<std::vector<Match>> Store::waiting(int most, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    return all_of(tx.exec_params(select("WHERE state = 'allocating' ORDER BY found_at, match_id LIMIT $1"), most));
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
    auto heard = one_of(kRecordHeartbeat(tx, id));
    if (heard) return {std::move(heard), true, false};
    return {one_of(kFind(tx, id)), false, false};
  });
}

Reply<Store::Judged> Store::complete(MatchId match, const Report& report, Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> Judged {
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
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
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
