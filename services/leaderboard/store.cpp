#include "services/leaderboard/store.h"

#include <cmath>
#include <string>
#include <utility>

#include "common/runtime/log.h"
#include "common/storage/array_text.h"
#include "common/storage/postgres.h"
#include "common/wire/time_text.h"

namespace mm::leaderboard {
namespace {

using storage::array_text;
using storage::Statement;

const Statement kApplied{
    "applied", "INSERT INTO leaderboard.applied (match_id) VALUES ($1::uuid) ON CONFLICT (match_id) DO NOTHING"};

const Statement kWriteMatch{
    "write_match",
    "INSERT INTO leaderboard.match (match_id, tenant, mode, region, season, rated, winning_team, duration_ms, "
    "started_at, ended_at) VALUES ($1::uuid, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, $10::timestamptz)"};

const Statement kWritePlayers{
    "write_players",
    "INSERT INTO leaderboard.match_player (match_id, tenant, mode, ended_at, player_id, team, slot, result, username, "
    "mmr_before, mmr_after, stats) SELECT $1::uuid, $2, $3, $4::timestamptz, * FROM unnest($5::uuid[], $6::integer[], "
    "$7::integer[], $8::text[], $9::text[], $10::bigint[], $11::bigint[], $12::text[])"};

// Every transaction locks the board of all regions first, so no two transactions wait for each other.
const Statement kLockBoards{
    "lock_boards",
    "SELECT board_id FROM leaderboard.board WHERE tenant = $1 AND season = $2 AND mode = $3 AND region IN ('', $4) "
    "ORDER BY region FOR UPDATE"};

const Statement kMakeBoards{
    "make_boards",
    "WITH made AS (INSERT INTO leaderboard.board (tenant, season, mode, region) "
    "SELECT $1, $2, $3, region FROM unnest(ARRAY['', $4]) AS region ON CONFLICT DO NOTHING RETURNING board_id) "
    "INSERT INTO leaderboard.rank_node (board_id, level, low, players) "
    "SELECT board_id, level, '', 0 FROM made, generate_series(1, 3) AS level"};

const Statement kPutStandings{
    "put_standings",
    "SELECT leaderboard.put_standing(b, p.player_id, p.username, p.mmr, p.games, p.win, p.loss, p.draw) "
    "FROM unnest($1::integer[]) AS b, unnest($2::uuid[], $3::text[], $4::bigint[], $5::bigint[], $6::integer[], "
    "$7::integer[], $8::integer[]) AS p (player_id, username, mmr, games, win, loss, draw)"};

const Statement kBoard{
    "board",
    "SELECT board_id, players FROM leaderboard.board WHERE tenant = $1 AND season = $2 AND mode = $3 AND region = $4"};

const Statement kEntries{
    "entries",
    "SELECT player_id, username, mmr, wins, losses, draws, encode(place, 'hex') AS place FROM leaderboard.standing "
    "WHERE board_id = $1 AND place > decode($2, 'hex') ORDER BY place LIMIT $3"};

const Statement kRankOf{"rank_of", "SELECT leaderboard.rank_of($1, decode($2, 'hex'))"};

const Statement kYourRank{"your_rank",
                          "SELECT leaderboard.rank_of(board_id, place) FROM leaderboard.standing WHERE board_id = $1 "
                          "AND player_id = $2::uuid"};

const Statement kHistory{
    "history",
    "SELECT p.match_id, p.mode, m.region, m.duration_ms, p.result, p.team, p.mmr_before, p.mmr_after, p.stats, "
    "(extract(epoch FROM m.started_at) * 1000)::bigint AS started_ms, "
    "(extract(epoch FROM p.ended_at) * 1000)::bigint AS ended_ms "
    "FROM leaderboard.match_player p JOIN leaderboard.match m ON m.match_id = p.match_id "
    "WHERE p.tenant = $1 AND p.player_id = $2::uuid AND (p.ended_at, p.match_id) < ($3::timestamptz, $4::uuid) "
    "AND ($5::text IS NULL OR p.mode = $5) ORDER BY p.ended_at DESC, p.match_id DESC LIMIT $6"};

const Statement kMatch{"match",
                       "SELECT m.mode, m.region, m.winning_team, m.duration_ms, p.player_id, p.username, p.team, "
                       "p.mmr_before, p.mmr_after, "
                       "p.stats, (extract(epoch FROM m.started_at) * 1000)::bigint AS started_ms, "
                       "(extract(epoch FROM m.ended_at) * 1000)::bigint AS ended_ms "
                       "FROM leaderboard.match m LEFT JOIN leaderboard.match_player p ON p.match_id = m.match_id "
                       "WHERE m.tenant = $1 AND m.match_id = $2::uuid ORDER BY p.team, p.slot"};

// For values that leaderboard wrote itself: they parse unless somebody changed the table by hand.
template <class T>
T require(std::optional<T>&& parsed) {
  check(parsed.has_value(), "the schema leaderboard holds a value that leaderboard never writes");
  return *std::move(parsed);
}

template <class T>
T parsed(const pqxx::field& field) {
  return require(T::parse(field.c_str()));
}

TimePoint time_of(const pqxx::field& milliseconds) { return TimePoint(Milliseconds(milliseconds.as<std::int64_t>())); }

double seconds_of(const pqxx::field& milliseconds) {
  return static_cast<double>(milliseconds.as<std::int64_t>()) / 1000.0;
}

double points_of(const pqxx::field& rating) { return to_points(rating.as<Hundredths>()); }

Failure<Problem> failed(const storage::DatabaseError& error) {
  log::warning("database_failed", {{"reason", error.text}});
  return fail(storage::to_problem(error));
}

constexpr std::string_view kHex = "0123456789abcdef";

std::string hex_of(const Place& place) {
  std::string hex;
  for (const char c : place) {
    hex += kHex[static_cast<unsigned char>(c) >> 4];
    hex += kHex[static_cast<unsigned char>(c) & 0xF];
  }
  return hex;
}

Place place_of(std::string_view hex) {
  Place place;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    place += static_cast<char>(kHex.find(hex[i]) << 4 | kHex.find(hex[i + 1]));
  }
  return place;
}

void write_history(pqxx::work& tx, const MatchRated& match, const MatchRecord& record) {
  const auto& [players, season, in_standings] = record;
  const auto id = match.match_id.to_string();
  const auto ended_at = wire::format_time(match.ended_at);
  kWriteMatch(tx, id, match.tenant.str(), match.mode.str(), match.region.str(),
              season ? std::optional(season->str()) : std::nullopt, match.rated, match.winning_team,
              static_cast<std::int64_t>(std::llround(match.duration_seconds * 1000)),
              wire::format_time(match.started_at), ended_at);
  kWritePlayers(tx, id, match.tenant.str(), match.mode.str(), ended_at,
                array_text(players, [](const PlayerRecord& p) { return p.player_id.to_string(); }),
                array_text(players, [](const PlayerRecord& p) { return p.team; }),
                array_text(players, [](const PlayerRecord& p) { return p.slot; }),
                array_text(players, [](const PlayerRecord& p) { return text_of(p.result); }),
                array_text(players, [](const PlayerRecord& p) { return p.username; }),
                array_text(players, [](const PlayerRecord& p) { return p.mmr_before; }),
                array_text(players, [](const PlayerRecord& p) { return p.mmr_after; }),
                array_text(players, [](const PlayerRecord& p) { return p.stats; }));
}

std::vector<int> lock_boards(pqxx::work& tx, const MatchRated& match, const Season& season) {
  const auto lock = [&] {
    std::vector<int> boards;
    for (const auto& row : kLockBoards(tx, match.tenant.str(), season.str(), match.mode.str(), match.region.str())) {
      boards.push_back(row[0].as<int>());
    }
    return boards;
  };
  auto boards = lock();
  if (boards.size() == 2) return boards;
  kMakeBoards(tx, match.tenant.str(), season.str(), match.mode.str(), match.region.str());
  return lock();
}

void put_standings(pqxx::work& tx, const std::vector<int>& boards, const std::vector<PlayerRecord>& players) {
  const auto ones_of = [&](Outcome outcome) {
    return array_text(players, [outcome](const PlayerRecord& p) { return p.result == outcome ? 1 : 0; });
  };
  kPutStandings(tx, array_text(boards, [](int board) { return board; }),
                array_text(players, [](const PlayerRecord& p) { return p.player_id.to_string(); }),
                array_text(players, [](const PlayerRecord& p) { return p.username; }),
                array_text(players, [](const PlayerRecord& p) { return p.mmr_after; }),
                array_text(players, [](const PlayerRecord& p) { return p.games; }), ones_of(Outcome::win),
                ones_of(Outcome::loss), ones_of(Outcome::draw));
}

LeaderboardEntry entry_of(const pqxx::row& row, std::int64_t rank) {
  LeaderboardEntry entry;
  entry.rank = rank;
  entry.player_id = parsed<PlayerId>(row["player_id"]);
  entry.username = row["username"].as<std::string>();
  entry.mmr = shown_points(row["mmr"].as<Hundredths>());
  entry.wins = row["wins"].as<std::int64_t>();
  entry.losses = row["losses"].as<std::int64_t>();
  entry.games = entry.wins + entry.losses + row["draws"].as<std::int64_t>();
  if (entry.games > 0) entry.win_rate = static_cast<double>(entry.wins) / static_cast<double>(entry.games);
  return entry;
}

Store::BoardPage read_board(pqxx::work& tx, const BoardKey& key, const std::optional<Place>& after, int limit,
                            const std::optional<PlayerId>& you) {
  Store::BoardPage page;
  // All statements must see the same state of the board.
  tx.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
  const auto board =
      kBoard(tx, key.tenant.str(), key.season.str(), key.mode.str(), key.region ? key.region->str() : "");
  if (board.empty()) return page;
  const auto id = board[0]["board_id"].as<int>();
  page.total = board[0]["players"].as<std::int64_t>();
  const auto rows = kEntries(tx, id, hex_of(after.value_or(Place())), limit + 1);
  std::int64_t rank = 1;
  if (after && !rows.empty()) rank = kRankOf(tx, id, rows[0]["place"].as<std::string>())[0][0].as<std::int64_t>();
  for (const auto& row : rows) {
    if (std::cmp_equal(page.entries.size(), limit)) {
      page.next = place_of(rows[page.entries.size() - 1]["place"].as<std::string>());
      break;
    }
    page.entries.push_back(entry_of(row, rank++));
  }
  if (!you) return page;
  const auto yours = kYourRank(tx, id, you->to_string());
  if (!yours.empty()) page.your_rank = yours[0][0].as<std::int64_t>();
  return page;
}

HistoryEntry history_entry_of(const pqxx::row& row) {
  HistoryEntry entry;
  entry.match_id = parsed<MatchId>(row["match_id"]);
  entry.mode = parsed<Mode>(row["mode"]);
  entry.region = parsed<Region>(row["region"]);
  entry.started_at = time_of(row["started_ms"]);
  entry.ended_at = time_of(row["ended_ms"]);
  entry.duration_seconds = seconds_of(row["duration_ms"]);
  entry.result = require(enum_named<Outcome>(row["result"].c_str()));
  entry.team = row["team"].as<int>();
  entry.mmr_before = points_of(row["mmr_before"]);
  entry.mmr_after = points_of(row["mmr_after"]);
  entry.mmr_change = to_points(row["mmr_after"].as<Hundredths>() - row["mmr_before"].as<Hundredths>());
  entry.stats.text = row["stats"].as<std::string>();
  return entry;
}

Store::HistoryPage read_history(pqxx::work& tx, const HistoryKey& key, const std::optional<HistoryPlace>& after,
                                int limit) {
  Store::HistoryPage page;
  const std::string from = after ? wire::format_time(after->ended_at) : "infinity";
  const auto rows =
      kHistory(tx, key.tenant.str(), key.player_id.to_string(), from, (after ? after->match_id : MatchId()).to_string(),
               key.mode ? std::optional(key.mode->str()) : std::nullopt, limit + 1);
  for (const auto& row : rows) {
    if (std::cmp_equal(page.matches.size(), limit)) {
      page.next = HistoryPlace{page.matches.back().ended_at, page.matches.back().match_id};
      break;
    }
    page.matches.push_back(history_entry_of(row));
  }
  return page;
}

FinishedPlayer finished_player_of(const pqxx::row& row) {
  FinishedPlayer player;
  player.player_id = parsed<PlayerId>(row["player_id"]);
  player.username = row["username"].as<std::string>();
  player.mmr_before = points_of(row["mmr_before"]);
  player.mmr_after = points_of(row["mmr_after"]);
  player.mmr_change = to_points(row["mmr_after"].as<Hundredths>() - row["mmr_before"].as<Hundredths>());
  player.stats.text = row["stats"].as<std::string>();
  return player;
}

std::optional<FinishedMatch> read_match(pqxx::work& tx, const Tenant& tenant, MatchId id) {
  const auto rows = kMatch(tx, tenant.str(), id.to_string());
  if (rows.empty()) return std::nullopt;
  const auto& first = rows[0];
  FinishedMatch match;
  match.match_id = id;
  match.mode = parsed<Mode>(first["mode"]);
  match.region = parsed<Region>(first["region"]);
  match.started_at = time_of(first["started_ms"]);
  match.ended_at = time_of(first["ended_ms"]);
  match.duration_seconds = seconds_of(first["duration_ms"]);
  if (!first["winning_team"].is_null()) match.winning_team = first["winning_team"].as<int>();
  for (const auto& row : rows) {
    if (row["player_id"].is_null()) continue;
    const auto team = row["team"].as<std::size_t>();
    if (match.teams.size() <= team) match.teams.resize(team + 1);
    match.teams[team].push_back(finished_player_of(row));
  }
  return match;
}

}  // namespace

Reply<bool> Store::apply(const MatchRated& match, const MatchRecord& record, Deadline deadline) {
  auto applied = postgres_.transaction(deadline, [&](pqxx::work& tx) {
    if (kApplied(tx, match.match_id.to_string()).affected_rows() == 0) return false;
    write_history(tx, match, record);
    if (record.in_standings) put_standings(tx, lock_boards(tx, match, *record.season), record.players);
    return true;
  });
  if (!applied) return failed(applied.error());
  return *applied;
}

Reply<Store::BoardPage> Store::top(const BoardKey& key, const std::optional<Place>& after, int limit,
                                   const std::optional<PlayerId>& you, Deadline deadline) {
  auto page = postgres_.transaction(deadline, [&](pqxx::work& tx) { return read_board(tx, key, after, limit, you); });
  if (!page) return failed(page.error());
  return *std::move(page);
}

Reply<Store::HistoryPage> Store::history(const HistoryKey& key, const std::optional<HistoryPlace>& after, int limit,
                                         Deadline deadline) {
  auto page = postgres_.transaction(deadline, [&](pqxx::work& tx) { return read_history(tx, key, after, limit); });
  if (!page) return failed(page.error());
  return *std::move(page);
}

Reply<std::optional<FinishedMatch>> Store::find_match(const Tenant& tenant, MatchId match, Deadline deadline) {
  auto found = postgres_.transaction(deadline, [&](pqxx::work& tx) { return read_match(tx, tenant, match); });
  if (!found) return failed(found.error());
  return *std::move(found);
}

}  // namespace mm::leaderboard
