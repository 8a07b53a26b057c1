#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

const char* const kRoster = R"([{"players":[{"player_id":"a"}]},{"players":[{"player_id":"b"}]}])";

void completed(RunFiles& run, const std::string& match, std::int64_t at_ms) {
  run.row("session.match", row_of_match(match, "completed", at_ms - 5'000, at_ms, kRoster));
}

void report(RunFiles& run, std::int64_t at_ms, const std::string& hash, const std::string& phase,
            const std::string& code = "") {
  run.call("server", "report", at_ms, at_ms + 5, phase, Json().text("match", "m").text("hash", hash),
           code.empty() ? Json() : Json().text("code", code));
}

void applied(RunFiles& run, const std::string& match, std::int64_t sequence, std::int64_t at_ms, bool rated = true) {
  run.row("profile.applied", Json()
                                 .text("match_id", match)
                                 .number("applied_seq", sequence)
                                 .text("tenant", "default")
                                 .text("mode", "duel")
                                 .flag("rated", rated)
                                 .number("winning_team", 0)
                                 .text("rating", "elo")
                                 .text("applied_at", time_text(kEpochMs + at_ms)));
}

void change(RunFiles& run, const std::string& match, const std::string& player, int team, std::int64_t before,
            std::int64_t after, const std::string& table = "profile.rating_change") {
  run.row(table, Json()
                     .text("match_id", match)
                     .text("player_id", player)
                     .number("team", team)
                     .number("mmr_before", before)
                     .number("mmr_after", after));
}

void rating(RunFiles& run, const std::string& player, std::int64_t mmr, std::int64_t games, std::int64_t wins) {
  run.row("profile.rating", Json()
                                .text("tenant", "default")
                                .text("player_id", player)
                                .text("mode", "duel")
                                .number("mmr", mmr)
                                .number("games", games)
                                .number("wins", wins)
                                .number("losses", games - wins)
                                .number("draws", 0));
}

void on_the_leaderboard(RunFiles& run, const std::string& match, std::int64_t applied_ms, std::int64_t ended_ms) {
  run.row("leaderboard.applied", Json().text("match_id", match).text("applied_at", time_text(kEpochMs + applied_ms)));
  run.row("leaderboard.match", Json()
                                   .text("match_id", match)
                                   .text("tenant", "default")
                                   .text("mode", "duel")
                                   .text("region", "eu-west")
                                   .text("season", "s1")
                                   .flag("rated", true)
                                   .text("ended_at", time_text(kEpochMs + ended_ms)));
}

void acknowledged_result_is_lost(RunFiles& run) {
  report(run, 8'000, "h", "ok");
  run.row("session.match", row_of_match("m", "running", 1'000, -1, kRoster));
}

void another_winner_is_stored(RunFiles& run) {
  run.call("server", "report", 8'000, 8'005, "ok",
           Json().text("match", "m").text("hash", "h").number("winning_team", 1));
  completed(run, "m", 8'003);
  applied(run, "m", 1, 8'010);
}

void two_results_are_accepted(RunFiles& run) {
  report(run, 8'000, "h1", "ok");
  report(run, 9'000, "h2", "ok");
}

void repeated_result_is_refused(RunFiles& run) {
  report(run, 8'000, "h1", "ok");
  report(run, 9'000, "h1", "fail", "result_conflict");
}

void completed_match_is_not_applied(RunFiles& run) {
  completed(run, "m", 8'000);
  run.files["dump/postgres/profile.applied.jsonl"] = {};
}

void match_counts_twice(RunFiles& run) {
  completed(run, "m", 8'000);
  applied(run, "m", 1, 8'010);
  rating(run, "a", 150'000, 2, 2);
  rating(run, "b", 150'000, 1, 0);
}

void changes_do_not_add_up(RunFiles& run) {
  applied(run, "m", 1, 8'010);
  change(run, "m", "a", 0, 150'000, 152'000);
  change(run, "m", "b", 1, 150'000, 148'001);
}

void unrated_match_changes_ratings(RunFiles& run) {
  applied(run, "m", 1, 8'010, false);
  change(run, "m", "a", 0, 150'000, 152'000);
  change(run, "m", "b", 1, 150'000, 148'000);
}

void rating_is_not_what_the_log_gives(RunFiles& run) {
  applied(run, "m", 1, 8'010);
  change(run, "m", "a", 0, 150'000, 152'000);
  change(run, "m", "b", 1, 150'000, 148'000);
  rating(run, "a", 151'999, 1, 1);
  rating(run, "b", 148'001, 1, 0);
}

void match_started_from_an_old_rating(RunFiles& run) {
  for (const auto& [match, sequence] : {std::pair<std::string, std::int64_t>{"m1", 1}, {"m2", 2}}) {
    applied(run, match, sequence, 8'010 + sequence);
    change(run, match, "a", 0, 150'000, 152'000);
    change(run, match, "b", 1, sequence == 1 ? 150'000 : 148'000, sequence == 1 ? 148'000 : 146'000);
  }
  rating(run, "a", 154'000, 2, 2);
  rating(run, "b", 146'000, 2, 0);
}

void rated_match_is_not_on_the_leaderboard(RunFiles& run) {
  applied(run, "m", 1, 8'010);
  run.files["dump/postgres/leaderboard.applied.jsonl"] = {};
}

void leaderboard_lags(RunFiles& run) {
  applied(run, "m", 1, 8'010);
  on_the_leaderboard(run, "m", 15'000, 8'000);
}

void standing_is_wrong(RunFiles& run) {
  applied(run, "m", 1, 8'010);
  change(run, "m", "a", 0, 150'000, 152'000);
  on_the_leaderboard(run, "m", 8'050, 8'000);
  for (const std::int64_t board : {1, 2}) {
    run.row("leaderboard.board", Json()
                                     .number("board_id", board)
                                     .text("tenant", "default")
                                     .text("season", "s1")
                                     .text("mode", "duel")
                                     .text("region", board == 1 ? "" : "eu-west")
                                     .number("players", 1));
    run.row("leaderboard.standing", Json()
                                        .number("board_id", board)
                                        .text("player_id", "a")
                                        .number("mmr", board == 1 ? 152'000 : 150'000)
                                        .number("wins", 1)
                                        .number("losses", 0)
                                        .number("draws", 0));
  }
  // Elo's sum is not what this run is about.
  change(run, "m", "b", 1, 150'000, 148'000);
  for (const std::int64_t board : {1, 2}) {
    run.row("leaderboard.standing", Json()
                                        .number("board_id", board)
                                        .text("player_id", "b")
                                        .number("mmr", 148'000)
                                        .number("wins", 0)
                                        .number("losses", 1)
                                        .number("draws", 0));
  }
  for (auto& board : run.files["dump/postgres/leaderboard.board.jsonl"]) {
    board.replace(board.find("\"players\":1"), 11, "\"players\":2");
  }
}

void history_leaves_out_a_match(RunFiles& run) {
  for (const auto& [match, at] : {std::pair<std::string, std::int64_t>{"m1", 1'000}, {"m2", 2'000}, {"m3", 3'000}}) {
    on_the_leaderboard(run, match, at + 50, at);
    change(run, match, "a", 0, 150'000, 150'000, "leaderboard.match_player");
  }
  run.call("bots", "history", 19'000, 19'005, "ok", Json().text("player", "a"),
           Json().texts("matches", {"m3", "m1"}).flag("more", false));
}

void history_repeats_a_match(RunFiles& run) {
  on_the_leaderboard(run, "m", 1'050, 1'000);
  change(run, "m", "a", 0, 150'000, 150'000, "leaderboard.match_player");
  run.call("bots", "history", 9'000, 9'005, "ok", Json().text("player", "a"), Json().texts("matches", {"m", "m"}));
}

void second_page_leaves_out_a_match(RunFiles& run) {
  for (const auto& [match, at] : {std::pair<std::string, std::int64_t>{"m1", 1'000}, {"m2", 2'000}, {"m3", 3'000}}) {
    on_the_leaderboard(run, match, at + 50, at);
    change(run, match, "a", 0, 150'000, 150'000, "leaderboard.match_player");
  }
  const Json asked = Json().text("player", "a");
  run.line("bots", 1'001, "history", "invoke", 19'000, asked);
  run.line("bots", 1'001, "history", "ok", 19'005, Json().texts("matches", {"m3"}).flag("more", true));
  run.line("bots", 1'002, "history", "invoke", 19'010, Json().text("player", "a").number("after", 1'001));
  run.line("bots", 1'002, "history", "ok", 19'015, Json().texts("matches", {"m1"}).flag("more", false));
}

void player_is_missing_in_the_history(RunFiles& run) {
  completed(run, "m", 8'000);
  on_the_leaderboard(run, "m", 8'050, 8'000);
  change(run, "m", "a", 0, 150'000, 150'000, "leaderboard.match_player");
}

}  // namespace

std::vector<Planted> planted_results() {
  return {
      {"I15", "acknowledged result is lost", acknowledged_result_is_lost},
      {"I15", "another winner is stored", another_winner_is_stored},
      {"I16", "two results are accepted", two_results_are_accepted},
      {"I16", "repeated result is refused", repeated_result_is_refused},
      {"I17", "completed match is not applied", completed_match_is_not_applied},
      {"I17", "match counts twice", match_counts_twice},
      {"I18", "changes do not add up", changes_do_not_add_up},
      {"I18", "unrated match changes ratings", unrated_match_changes_ratings},
      {"I19", "rating is not what the log gives", rating_is_not_what_the_log_gives},
      {"I19", "match started from an old rating", match_started_from_an_old_rating},
      {"I20", "rated match is not on the leaderboard", rated_match_is_not_on_the_leaderboard},
      {"I20", "leaderboard lags", leaderboard_lags},
      {"I20", "standing is wrong", standing_is_wrong},
      {"I21", "history leaves out a match", history_leaves_out_a_match},
      {"I21", "second page leaves out a match", second_page_leaves_out_a_match},
      {"I21", "history repeats a match", history_repeats_a_match},
      {"I21", "player is missing in the history", player_is_missing_in_the_history},
  };
}

}  // namespace mm::chaos
