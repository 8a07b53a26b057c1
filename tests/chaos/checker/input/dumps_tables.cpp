// Reads the tables of PostgreSQL.
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/chaos/checker/input/dumps.h"
#include "tests/chaos/checker/input/events.h"

namespace mm::chaos {
namespace {

int small(const Object& row, std::string_view name, int absent = 0) {
  return static_cast<int>(row.integer(name, absent));
}

std::optional<int> maybe(const Object& row, std::string_view name) {
  return row.find(name) ? std::optional(small(row, name)) : std::nullopt;
}

void read_match(const Object& row) {
  MatchRow match;
  match.at = row.at();
  match.match = row.needed("match_id");
  match.tenant = row.symbol("tenant");
  match.mode = row.symbol("mode");
  match.region = row.symbol("region");
  match.source = row.symbol("source");
  match.state = row.needed("state");
  match.reason = row.symbol("reason");
  match.server = row.symbol("server_id");
  match.result_hash = row.symbol("result_hash");
  match.team_size = small(row, "team_size");
  match.requeue = row.symbols("requeue");
  match.found_ms = row.time_ms("found_at");
  match.ready_ms = row.time_ms("ready_at");
  match.ended_ms = row.time_ms("ended_at");
  match.released = row.boolean("released");
  if (const auto roster = row.find("roster")) {
    if (!with_embedded(*roster, [&](json::Value teams) { match.roster = read_roster(teams, row); })) {
      row.line().fail("roster", "is not JSON");
    }
  }
  row.run().matches.push_back(std::move(match));
}

void read_live_player(const Object& row) {
  row.run().live_players.push_back({row.at(), row.symbol("tenant"), row.needed("player_id"), row.needed("match_id")});
}

void read_outbox(const Object& row) {
  row.run().outbox.push_back({row.at(), row.needed("message_id"), row.symbol("subject"),
                              row.find("sent_under").has_value(), row.time_ms("created_at")});
}

void read_allocation(const Object& row) {
  row.run().allocations.push_back({row.at(), row.needed("match_id"), row.needed("state"), row.symbol("server_id"),
                                   small(row, "slot", -1), row.time_ms("allocated_at"), row.time_ms("released_at")});
}

void read_account(const Object& row) {
  row.run().accounts.push_back(
      {row.at(), row.needed("player_id"), row.symbol("tenant"), row.needed("username_key"), row.symbol("email")});
}

void read_rating(const Object& row) {
  row.run().ratings.push_back({row.at(), row.symbol("tenant"), row.needed("player_id"), row.needed("mode"),
                               row.integer("mmr", 0), row.integer("games", 0), row.integer("wins", 0),
                               row.integer("losses", 0), row.integer("draws", 0)});
}

void read_applied(const Object& row) {
  row.run().applied.push_back({row.at(), row.needed("match_id"), row.symbol("tenant"), row.needed("mode"),
                               row.symbol("rating"), row.integer("applied_seq", 0), row.boolean("rated"),
                               maybe(row, "winning_team"), row.time_ms("applied_at")});
}

void read_change(const Object& row) {
  row.run().changes.push_back({row.at(), row.needed("match_id"), row.needed("player_id"), small(row, "team"),
                               row.integer("mmr_before", 0), row.integer("mmr_after", 0)});
}

void read_board_applied(const Object& row) {
  row.run().board_applied.push_back({row.at(), row.needed("match_id"), row.time_ms("applied_at")});
}

void read_ranked_match(const Object& row) {
  row.run().ranked_matches.push_back({row.at(), row.needed("match_id"), row.symbol("tenant"), row.needed("mode"),
                                      row.symbol("region"), row.symbol("season"), row.boolean("rated"),
                                      row.time_ms("ended_at")});
}

void read_match_player(const Object& row) {
  row.run().match_players.push_back({row.at(), row.needed("match_id"), row.needed("player_id"), small(row, "team"),
                                     row.integer("mmr_before", 0), row.integer("mmr_after", 0)});
}

void read_board(const Object& row) {
  row.run().boards.push_back({row.at(), row.integer("board_id", 0), row.symbol("tenant"), row.symbol("season"),
                              row.needed("mode"), row.symbol("region"), row.integer("players", 0)});
}

void read_standing(const Object& row) {
  row.run().standings.push_back({row.at(), row.integer("board_id", 0), row.needed("player_id"), row.integer("mmr", 0),
                                 row.integer("wins", 0), row.integer("losses", 0), row.integer("draws", 0)});
}

struct Table {
  std::string_view name;
  void (*read)(const Object&);
};

constexpr std::array kTables{
    Table{"session.match", read_match},
    Table{"session.live_player", read_live_player},
    Table{"session.outbox", read_outbox},
    Table{"profile.outbox", read_outbox},
    Table{"orchestrator.allocation", read_allocation},
    Table{"profile.account", read_account},
    Table{"profile.rating", read_rating},
    Table{"profile.applied", read_applied},
    Table{"profile.rating_change", read_change},
    Table{"leaderboard.applied", read_board_applied},
    Table{"leaderboard.match", read_ranked_match},
    Table{"leaderboard.match_player", read_match_player},
    Table{"leaderboard.board", read_board},
    Table{"leaderboard.standing", read_standing},
};

}  // namespace

std::optional<ReadError> read_tables(Run& run) {
  for (const auto& table : kTables) {
    const auto name = "dump/postgres/" + std::string(table.name) + ".jsonl";
    if (!std::filesystem::exists(run.folder + "/" + name)) continue;
    run.tables.emplace(table.name);
    if (auto failed = read_lines(run, name, LastLine::must_be_whole, table.read)) return failed;
  }
  return std::nullopt;
}

}  // namespace mm::chaos
