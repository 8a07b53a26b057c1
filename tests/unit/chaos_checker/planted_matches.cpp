#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

/// Rosters without tickets, as of challenges: only the players matter.
std::string players(const std::string& first, const std::string& second) {
  return R"([{"players":[{"player_id":")" + first + R"("}]},{"players":[{"player_id":")" + second + R"("}]}])";
}

std::string found_body(const std::string& match, const std::string& teams, const std::string& source = "queue") {
  return Json()
      .text("match_id", match)
      .text("mode", "duel")
      .text("region", "eu-west")
      .number("team_size", 1)
      .text("source", source)
      .text("created_at", time_text(kEpochMs + 2'000))
      .raw("teams", teams)
      .str();
}

void allocation(RunFiles& run, const std::string& match, const std::string& server, std::int64_t from_ms,
                std::int64_t to_ms) {
  run.row("orchestrator.allocation", Json()
                                         .text("match_id", match)
                                         .text("state", "released")
                                         .text("server_id", server)
                                         .number("slot", 1)
                                         .text("allocated_at", time_text(kEpochMs + from_ms))
                                         .text("released_at", time_text(kEpochMs + to_ms)));
}

void player_in_two_matches(RunFiles& run) {
  run.row("session.match", row_of_match("m1", "completed", 1'000, 9'000, players("a", "b")));
  run.row("session.match", row_of_match("m2", "completed", 5'000, 12'000, players("a", "c")));
}

void ratings_too_far_apart(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  enqueue(run, "b", 1'000, "t-b");
  run.message("MATCH", 1, 2'010, "match.found", "m.1",
              found_body("m", R"([{"players":[{"player_id":"a","ticket_id":"t-a","mmr":1500,"waited_ms":10000}]},)"
                              R"({"players":[{"player_id":"b","ticket_id":"t-b","mmr":1650,"waited_ms":100}]}])"));
}

void match_in_a_foreign_region(RunFiles& run) {
  run.call("bots", "enqueue", 1'000, 1'005, "ok",
           Json().text("player", "a").text("mode", "duel").text("region", "us-east"), Json().text("ticket", "t-a"));
  enqueue(run, "b", 1'000, "t-b");
  run.message("MATCH", 1, 2'010, "match.found", "m.1", found_body("m", duel("a", "b")));
}

void uneven_teams(RunFiles& run) {
  run.message("MATCH", 1, 2'010, "match.found", "m.1",
              found_body("m", R"([{"players":[{"player_id":"a"},{"player_id":"b"}]},{"players":[{"player_id":"c"}]}])",
                         "challenge"));
}

void matched_ticket_without_a_row(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  ticket_key(run, "t-a", "matched", "a", Json().text("match_id", "m"));
  run.files["dump/postgres/session.match.jsonl"] = {};
}

void listed_ticket_is_queued(RunFiles& run) {
  enqueue(run, "a", 1'000, "t-a");
  enqueue(run, "b", 1'000, "t-b");
  ticket_key(run, "t-a", "queued", "a");
  run.row("session.match", row_of_match("m", "running", 2'000, -1, duel("a", "b")));
}

void found_match_without_a_row(RunFiles& run) {
  run.message("MATCH", 1, 2'010, "match.found", "m.1", found_body("m", players("a", "b"), "challenge"));
  run.files["dump/postgres/session.match.jsonl"] = {};
}

void played_match_without_a_server(RunFiles& run) {
  run.row("session.match", row_of_match("m", "running", 2'000, -1, players("a", "b")).text("server_id", "s"));
  run.files["dump/postgres/orchestrator.allocation.jsonl"] = {};
}

void match_on_two_servers(RunFiles& run) {
  run.row("session.match", row_of_match("m", "running", 2'000, -1, players("a", "b")));
  run.fact("server-1", "hosted", 2'100, Json().text("match", "m").text("server", "s1"));
  run.fact("server-2", "hosted", 2'200, Json().text("match", "m").text("server", "s2"));
}

void slot_given_twice(RunFiles& run) {
  allocation(run, "m1", "s", 1'000, 9'000);
  allocation(run, "m2", "s", 5'000, 12'000);
}

void slot_kept_too_long(RunFiles& run) {
  run.row("session.match", row_of_match("m", "cancelled", 1'000, 9'000, players("a", "b")));
  allocation(run, "m", "s", 1'100, 45'000);
}

void stranger_reads_a_match(RunFiles& run) {
  run.row("session.match", row_of_match("m", "running", 1'000, -1, players("a", "b")));
  run.call("bots", "match", 2'000, 2'005, "ok", Json().text("player", "c").text("match", "m"),
           Json().text("status", "running"));
}

void player_gets_no_server(RunFiles& run) {
  run.add("run.json", Json().raw("settings", R"({"max_servers":8})"));
  run.row("session.match", row_of_match("m", "running", 1'000, -1, players("a", "b")));
  run.call("bots", "match", 5'000, 5'005, "ok", Json().text("player", "a").text("match", "m"),
           Json().text("status", "allocating"));
}

void epoch_with_two_owners(RunFiles& run) {
  run.key("epoch", "string", "\"9\"");
  run.key("lease:1", "hash", R"({"token":"7:a","beat":"1"})");
  run.key("lease:2", "hash", R"({"token":"7:b","beat":"1"})");
}

void epoch_falls(RunFiles& run) {
  for (const auto& [at, token] : {std::pair<std::int64_t, std::string>{1'000, "8:a"}, {2'000, "7:b"}}) {
    run.add("logs/matchmaker.log", Json()
                                       .text("time", time_text(kEpochMs + at))
                                       .text("event", "partition_taken")
                                       .text("tenant", "default")
                                       .number("partition", 3)
                                       .text("token", token));
  }
}

}  // namespace

std::vector<Planted> planted_matches() {
  return {
      {"I08", "player in two matches", player_in_two_matches},
      {"I09", "ratings too far apart", ratings_too_far_apart},
      {"I09", "match in a foreign region", match_in_a_foreign_region},
      {"I09", "uneven teams", uneven_teams},
      {"I10", "matched ticket without a row", matched_ticket_without_a_row},
      {"I10", "listed ticket is queued", listed_ticket_is_queued},
      {"I11", "found match without a row", found_match_without_a_row},
      {"I11", "played match without a server", played_match_without_a_server},
      {"I11", "match on two servers", match_on_two_servers},
      {"I12", "slot given twice", slot_given_twice},
      {"I12", "slot kept too long", slot_kept_too_long},
      {"I13", "stranger reads a match", stranger_reads_a_match},
      {"I13", "player gets no server", player_gets_no_server},
      {"I14", "epoch with two owners", epoch_with_two_owners},
      {"I14", "epoch falls", epoch_falls},
  };
}

}  // namespace mm::chaos
