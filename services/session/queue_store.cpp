#include "services/session/queue_store.h"

#include "common/base/limits.h"
#include "common/wire/codec.h"
#include "services/session/store_run.h"

namespace mm::session {
namespace {

const storage::Statement kRecord{
    "session_record_generation",
    "INSERT INTO session.queue_generation AS stored (id, number, mark) VALUES ($1::uuid, $2, $3) "
    "ON CONFLICT (the_only_row) DO UPDATE SET id = excluded.id, number = excluded.number, mark = excluded.mark, "
    "marked_at = now() WHERE stored.number < excluded.number "
    "OR (stored.id = excluded.id AND stored.number = excluded.number AND stored.mark = excluded.mark - 1)"};
const storage::Statement kRead{"session_read_generation",
                               "SELECT id, number, mark, (extract(epoch FROM marked_at) * 1000)::bigint AS marked_ms "
                               "FROM session.queue_generation"};
const storage::Statement kOpenMatches{"session_open_matches",
                                      "SELECT match_id, tenant, mode, region, source, team_size, roster, "
                                      "(extract(epoch FROM found_at) * 1000)::bigint AS found_ms FROM session.match "
                                      "WHERE ended_at IS NULL AND match_id > $1::uuid ORDER BY match_id LIMIT $2"};

TimePoint time_of(const pqxx::field& field) { return TimePoint(Milliseconds(field.as<std::int64_t>())); }

MatchFound found_of(const pqxx::row& row) {
  MatchFound found;
  found.match_id = require(MatchId::parse(row["match_id"].c_str()));
  found.tenant = require(Tenant::parse(row["tenant"].c_str()));
  found.mode = require(Mode::parse(row["mode"].c_str()));
  found.region = require(Region::parse(row["region"].c_str()));
  found.source = require(enum_named<MatchSource>(row["source"].c_str()));
  found.team_size = row["team_size"].as<int>();
  found.created_at = time_of(row["found_ms"]);
  auto teams = wire::decode<std::vector<FoundTeam>>(row["roster"].as<std::string>(), wire::Unknown::ignored,
                                                    {limits::kMaxJsonDepth, 1'000'000});
  check(teams.ok(), "session.match holds a roster that session never writes");
  found.teams = *std::move(teams);
  return found;
}

std::size_t players_in(const MatchFound& found) {
  std::size_t players = 0;
  for (const auto& team : found.teams) players += team.players.size();
  return players;
}

}  // namespace

Reply<RecordedGeneration> QueueStore::record(const std::optional<QueueGeneration>& generation, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    if (generation) kRecord(tx, generation->id.to_string(), generation->number, generation->mark);
    RecordedGeneration recorded;
    for (const auto& row : kRead(tx)) {
      recorded.generation = QueueGeneration{require(GenerationId::parse(row["id"].c_str())),
                                            row["number"].as<std::int64_t>(), row["mark"].as<std::int64_t>()};
      recorded.marked_at = time_of(row["marked_ms"]);
    }
    return recorded;
  });
}

Reply<OpenMatches> QueueStore::open_matches(std::optional<MatchId> after, Deadline deadline) {
  return run(postgres_, deadline, [&](pqxx::work& tx) {
    OpenMatches page;
    std::size_t players = 0;
    // One row more than the page has, to see whether there is a next page.
    const auto rows =
        kOpenMatches(tx, after.value_or(MatchId()).to_string(), static_cast<int>(ListOpenMatches::kMaxMatches) + 1);
    for (const auto& row : rows) {
      auto found = found_of(row);
      players += players_in(found);
      const bool full = page.matches.size() == ListOpenMatches::kMaxMatches || players > ListOpenMatches::kMaxPlayers;
      if (full && !page.matches.empty()) {
        page.next = page.matches.back().match_id;
        break;
      }
      page.matches.push_back(std::move(found));
    }
    return page;
  });
}

}  // namespace mm::session
