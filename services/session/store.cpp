#include "services/session/store.h"

#include <map>
#include <set>

#include "common/bus/outbox.h"
#include "common/contracts/recent.h"
#include "common/runtime/match_trace.h"
#include "common/storage/array_text.h"
#include "common/wire/codec.h"
#include "services/session/store_run.h"

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

// The ends of matches, with further columns and a further condition.
std::string end_sql(const std::string& columns, const std::string& condition) {
  return returning(
      "UPDATE session.match SET state = e.end_state, reason = nullif(e.why, ''), requeue = e.tickets::jsonb, "
      "ended_event = e.event, result_hash = nullif(e.hash, ''), ended_at = now(), "
      "started_at = CASE e.end_state WHEN 'completed' THEN coalesce(started_at, ready_at) ELSE started_at END" +
      columns +
      " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) "
      "AS e (id, end_state, why, tickets, event, hash) WHERE match_id = e.id "
      "AND state = ANY (CASE e.end_state WHEN 'completed' THEN $7::text[] ELSE $8::text[] END)" +
      condition);
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
                             "WHERE match_id = ANY($1::uuid[]) ORDER BY match_id FOR UPDATE";
const std::string kMakeReadySql = returning(
    "WITH allocated AS (SELECT a.* FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) "
    "AS a (id, server, endpoint, url) JOIN session.match AS m ON m.match_id = a.id "
    "WHERE m.state = ANY($5::text[]) ORDER BY a.id FOR UPDATE OF m) "
    "UPDATE session.match SET state = 'ready', server_id = server, server_endpoint = endpoint, server_url = url, "
    "ready_at = now(), heartbeat_at = now() FROM allocated WHERE match_id = id");
const std::string kStartSql = returning(
    "UPDATE session.match SET state = 'running', started_at = now(), heartbeat_at = now() "
    "WHERE match_id = $1::uuid AND state = ANY($2::text[])");
const std::string kEndSql = end_sql("", "");
const std::string kEndNewSql = end_sql(", released = true", "");
const std::string kEndUnservedSql = end_sql("", " AND " + is_unserved("$9"));
const std::string kEndSilentSql = end_sql("", " AND " + is_silent("$9"));
const std::string kRecordHeartbeatSql = returning(
    "UPDATE session.match SET heartbeat_at = now() WHERE match_id = $1::uuid AND state IN ('ready', 'running')");
const storage::Statement kInsert{"session_insert", kInsertSql.c_str()};
const storage::Statement kFind{"session_find", kFindSql.c_str()};
const storage::Statement kFindAll{"session_find_all", kFindAllSql.c_str()};
const storage::Statement kFindLive{"session_find_live", kFindLiveSql.c_str()};
const storage::Statement kLock{"session_lock", kLockSql.c_str()};
const storage::Statement kMakeReady{"session_make_ready", kMakeReadySql.c_str()};
const storage::Statement kStart{"session_start", kStartSql.c_str()};
const storage::Statement kEnd{"session_end", kEndSql.c_str()};
const storage::Statement kEndNew{"session_end_new", kEndNewSql.c_str()};
const storage::Statement kEndUnserved{"session_end_unserved", kEndUnservedSql.c_str()};
const storage::Statement kEndSilent{"session_end_silent", kEndSilentSql.c_str()};
// The rows are locked in the order of their ids, as kLock and kMakeReady lock them.
const storage::Statement kMarkReleased{
    "session_mark_released",
    "WITH ended AS (SELECT match_id AS id FROM session.match WHERE match_id = ANY($1::uuid[]) AND ended_at IS NOT NULL "
    "ORDER BY match_id FOR UPDATE) UPDATE session.match SET released = true FROM ended WHERE match_id = id"};
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
    "WITH freed AS (DELETE FROM session.live_player WHERE match_id = ANY($3::uuid[])) "
    "INSERT INTO session.ended_player (tenant, player_id, match_id, ended_at) "
    "SELECT tenant, player, id, now() FROM unnest($1::text[], $2::uuid[], $3::uuid[]) AS p (tenant, player, id) "
    "ON CONFLICT DO NOTHING"};
const std::string kRecentSql = select(
    "WHERE match_id IN (SELECT ended.match_id FROM session.ended_player ended "
    "WHERE ended.tenant = $1 AND ended.player_id = $2::uuid AND ended.ended_at > now() - $3 * interval '1 millisecond' "
    "ORDER BY ended.ended_at DESC LIMIT $4) ORDER BY ended_at, match_id");
const storage::Statement kRecent{"session_recent", kRecentSql.c_str()};

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

std::string ids_text(const std::vector<MatchId>& matches) {
  return array_text(matches, [](MatchId id) { return id.to_string(); });
}

/// The id of an event's message. An event that is sent again has the same id, so the bus drops the duplicate.
std::string message_id(MatchId match, std::string_view fact) { return match.to_string() + "." + std::string(fact); }

struct PlayerOfMatch {
  const Match* match;
  PlayerId player;
};

std::vector<PlayerOfMatch> all_players_of(const std::vector<const Match*>& matches) {
  std::vector<PlayerOfMatch> players;
  for (const auto* match : matches) {
    for (const auto player : players_of(match->teams)) players.push_back({match, player});
  }
  return players;
}

/// Runs a statement whose parameters are the columns tenant, player_id and match_id.
pqxx::result with_players(pqxx::work& tx, const storage::Statement& statement,
                          const std::vector<PlayerOfMatch>& players) {
  return statement(tx, array_text(players, [](const PlayerOfMatch& p) { return p.match->tenant.str(); }),
                   array_text(players, [](const PlayerOfMatch& p) { return p.player.to_string(); }),
                   array_text(players, [](const PlayerOfMatch& p) { return p.match->id.to_string(); }));
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
  const auto entries = all_players_of(matches);
  std::map<MatchId, std::set<PlayerId>> busy;
  if (entries.empty()) return busy;
  const auto rows = with_players(tx, kEnterPlayers, entries);
  if (rows.size() == entries.size()) return busy;
  for (const auto& entry : entries) busy[entry.match->id].insert(entry.player);
  for (const auto& row : rows) {
    busy[require(MatchId::parse(row[0].c_str()))].erase(require(PlayerId::parse(row[1].c_str())));
  }
  std::erase_if(busy, [](const auto& of_match) { return of_match.second.empty(); });
  return busy;
}

struct Ending {
  const Match* match;
  const MatchEnd* end;
};

/// Writes the ends of the matches with `update`: the rows, their players, their events. `limit`: the parameter of the
/// further condition of `update`, if any. Returns the matches that have ended; the rows of the others do not satisfy
/// the conditions.
template <class... Limit>
std::vector<Match> write_ends(pqxx::work& tx, bus::Outbox& outbox, const storage::Statement& update,
                              const std::vector<Ending>& endings, const Limit&... limit) {
  if (endings.empty()) return {};
  const auto column = [&](auto value) {
    return array_text(
        endings, [&](const Ending& e) { return value(*e.match, *e.end, std::get_if<MatchCancelled>(&e.end->event)); });
  };
  const auto status = [](const MatchCancelled* c) { return c ? MatchStatus::cancelled : MatchStatus::completed; };
  const auto ended = all_of(update(
      tx, column([](auto& match, auto&, auto*) { return match.id.to_string(); }),
      column([&](auto&, auto&, auto* cancelled) { return text_of(status(cancelled)); }),
      column([](auto&, auto&, auto* cancelled) { return cancelled ? text_of(cancelled->reason) : ""; }),
      column([](auto&, auto&, auto* cancelled) { return cancelled ? wire::encode(cancelled->requeue) : "[]"; }),
      column([](auto&, auto& end, auto*) { return std::visit([](auto& e) { return wire::encode(e); }, end.event); }),
      column([](auto&, auto& end, auto*) { return end.result_hash; }),
      states_text(states_before(MatchStatus::completed)), states_text(states_before(MatchStatus::cancelled)),
      limit...));
  std::vector<const Match*> matches;
  std::vector<bus::Outbox::Event> events;
  for (const auto& match : ended) {
    const auto subject =
        match.status == MatchStatus::completed ? MatchCompleted::kSubject.text : MatchCancelled::kSubject.text;
    matches.push_back(&match);
    events.push_back(
        {subject, match.ended_event, message_id(match.id, text_of(match.status)), trace::of_match(match.id)});
  }
  if (!ended.empty()) with_players(tx, kFreePlayers, all_players_of(matches));
  outbox.add(tx, events);
  return ended;
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
    std::vector<MatchEnd> ends;
    ends.reserve(refusals.size());
    std::vector<Ending> endings;
    for (const auto& [id, refusal] : refusals) {
      endings.push_back({&fresh.at(id), &ends.emplace_back(MatchEnd{refusal.event, {}})});
    }
    // These matches have no servers to release, because none were requested.
    for (auto& match : write_ends(tx, outbox_, kEndNew, endings)) fresh.at(match.id) = std::move(match);
    std::vector<MatchId> known;
    for (const auto& arrival : arrivals) {
      if (!fresh.contains(arrival.found.match_id)) known.push_back(arrival.found.match_id);
    }
    std::map<MatchId, Match> there;
    if (!known.empty()) {
      for (auto& match : all_of(kFindAll(tx, ids_text(known)))) there.emplace(match.id, std::move(match));
    }
    std::vector<Stored> stored;
    std::set<MatchId> seen;
    for (const auto& [found, bad_roster] : arrivals) {
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

Reply<std::vector<Match>> Store::make_ready(const std::vector<Allocation>& allocations, Deadline deadline) {
  const auto column = [&](auto value) { return array_text(allocations, value); };
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    auto ready = all_of(kMakeReady(tx, column([](const Allocation& a) { return a.match_id.to_string(); }),
                                   column([](const Allocation& a) { return a.server_id.to_string(); }),
                                   column([](const Allocation& a) { return a.server_endpoint; }),
                                   column([](const Allocation& a) { return a.server_url; }),
                                   states_text(states_before(MatchStatus::ready))));
    std::vector<bus::Outbox::Event> events;
    for (const auto& match : ready) {
      events.push_back({MatchReady::kSubject.text, wire::encode(ready_event(match)), message_id(match.id, "ready"),
                        trace::of_match(match.id)});
    }
    outbox_.add(tx, events);
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

Reply<std::map<MatchId, Store::Judged>> Store::with_locked(const std::vector<MatchId>& matches, const DecideEnd& decide,
                                                           Deadline deadline) {
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) {
    std::map<MatchId, Judged> judged;
    std::vector<Ending> endings;
    for (const auto& row : kLock(tx, ids_text(matches))) {
      auto match = match_of(row);
      const auto before = match.status;
      auto judgement = decide(match, require(time_of(row["now_ms"])));
      const auto& one = judged.emplace(match.id, Judged{match, std::move(judgement), before}).first->second;
      if (one.judgement.end) endings.push_back({&one.match, &*one.judgement.end});
    }
    const auto ended = write_ends(tx, outbox_, kEnd, endings);
    check(ended.size() == endings.size(), "a locked match could not be ended");
    for (const auto& match : ended) judged.at(match.id).match = match;
    return judged;
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
  const auto& update = kind == Overdue::unserved ? kEndUnserved : kEndSilent;
  return run_and_wake(postgres_, outbox_, deadline, [&](pqxx::work& tx) -> std::optional<Match> {
    auto ended = write_ends(tx, outbox_, update, {{&match, &end}}, limit.count());
    if (ended.empty()) return std::nullopt;
    return std::move(ended.front());
  });
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

Reply<Done> Store::mark_released(const std::vector<MatchId>& matches, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) -> Done {
    kMarkReleased(tx, ids_text(matches));
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
