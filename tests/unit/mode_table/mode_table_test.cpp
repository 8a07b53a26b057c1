// Tests of reading the mode table: every field, and the message and the position of every mistake.
#include "common/wire/mode_table.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "common/base/nearest.h"
#include "common/wire/codec.h"

namespace mm::wire {
namespace {

/// The problems of this text, one per line; "" if it has none.
std::string problem_of(std::string_view toml) {
  auto table = parse_mode_table(toml, "modes.toml");
  if (table.ok()) return "";
  std::string all;
  for (const auto& problem : table.error().problems) all += (all.empty() ? "" : "\n") + problem;
  return all;
}

/// One mode with the given lines, which begin on line 3.
std::string mode_with(const std::string& lines) { return "[[mode]]\nid = \"arena\"\n" + lines; }

TEST(ModeTable, ReadsEveryField) {
  const auto table = parse_mode_table(R"([[mode]]
id = "arena"
teams = 4
team_sizes = [3, 2]
default_team_size = 2
use_rating = false
initial_window = 50.5
max_window = 80
widen = "steps"
widen_seconds = 1
step_seconds = 2.5
step_points = 10
max_wait_seconds = 90
max_latency_ms = 120
latency_step_ms = 30
latency_step_seconds = 5
premade_offset = [0, 10, 25.5]
max_party_spread = 300
loading_seconds = 0
no_show_seconds = 0
disconnect_grace_seconds = 7
rating = "glicko2"
rated = false
)",
                                      "modes.toml");
  ASSERT_TRUE(table.ok()) << table.error().problems.front();
  const ModeRules* rules = table->find(*Mode::parse("arena"));
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(encode(*rules),
            R"({"id":"arena","teams":4,"team_sizes":[3,2],"default_team_size":2,"use_rating":false,)"
            R"("initial_window":50.5,"max_window":80,"widen":"steps","widen_seconds":1,"step_seconds":2.5,)"
            R"("step_points":10,"max_wait_seconds":90,"max_latency_ms":120,"latency_step_ms":30,)"
            R"("latency_step_seconds":5,"premade_offset":[0,10,25.5],"max_party_spread":300,"loading_seconds":0,)"
            R"("no_show_seconds":0,"disconnect_grace_seconds":7,"rating":"glicko2","rated":false,"margin_weight":1})");
}

TEST(ModeTable, RequiresOnlyAnId) {
  const auto table = parse_mode_table(mode_with(""), "modes.toml");
  ASSERT_TRUE(table.ok());
  ModeRules plain;
  plain.id = *Mode::parse("arena");
  EXPECT_EQ(encode(table->all().front()), encode(plain));
}

TEST(ModeTable, KeepsTheOrderOfTheFile) {
  const auto table = parse_mode_table("[[mode]]\nid = \"b\"\n[[mode]]\nid = \"a\"\n", "modes.toml");
  ASSERT_TRUE(table.ok());
  ASSERT_EQ(table->all().size(), 2U);
  EXPECT_EQ(table->all()[0].id.str(), "b");
  EXPECT_EQ(table->find(*Mode::parse("c")), nullptr);
}

TEST(ModeTable, SuggestsTheNearestKeyForAnUnknownKey) {
  EXPECT_EQ(problem_of(mode_with("max_windw = 5\n")),
            "modes.toml:3:1: unknown key max_windw; did you mean max_window?");
  EXPECT_EQ(problem_of(mode_with("colour = 5\n")), "modes.toml:3:1: unknown key colour");
  EXPECT_EQ(problem_of("[[modes]]\nid = \"a\"\n"),
            "modes.toml:1:3: unknown key modes; did you mean mode?\nmodes.toml:1:1: has no [[mode]]");
}

TEST(ModeTable, ReportsValuesOfTheWrongType) {
  EXPECT_EQ(problem_of(mode_with("teams = \"two\"\n")),
            "modes.toml:3:9: teams must be an integer, not a string \"two\"");
  EXPECT_EQ(problem_of(mode_with("teams = 2.5\n")), "modes.toml:3:9: teams must be an integer, not a number");
  EXPECT_EQ(problem_of(mode_with("rated = 1\n")), "modes.toml:3:9: rated must be true or false, not an integer");
  EXPECT_EQ(problem_of(mode_with("team_sizes = 5\n")), "modes.toml:3:14: team_sizes must be an array, not an integer");
  EXPECT_EQ(problem_of(mode_with("team_sizes = [1, \"x\"]\n")),
            "modes.toml:3:18: team_sizes must be an integer, not a string \"x\"");
  EXPECT_EQ(problem_of(mode_with("widen = \"slowly\"\n")),
            "modes.toml:3:9: widen must be one of \"linear\" \"steps\", not a string \"slowly\"");
  EXPECT_EQ(problem_of(mode_with("rating = \"glico2\"\n")),
            "modes.toml:3:10: rating must be one of \"elo\" \"glicko2\" \"weng_lin\", not a string \"glico2\"; did you "
            "mean \"glicko2\"?");
  EXPECT_EQ(problem_of(mode_with("rating = \"weng-lin\"\n")),
            "modes.toml:3:10: rating must be one of \"elo\" \"glicko2\" \"weng_lin\", not a string \"weng-lin\"; did "
            "you mean \"weng_lin\"?");
  EXPECT_EQ(problem_of(mode_with("rating = \"trueskill\"\n")),
            "modes.toml:3:10: rating must be one of \"elo\" \"glicko2\" \"weng_lin\", not a string \"trueskill\"");
  EXPECT_EQ(problem_of(mode_with("rating = 2\n")),
            "modes.toml:3:10: rating must be one of \"elo\" \"glicko2\" \"weng_lin\", not an integer");
  EXPECT_EQ(problem_of(mode_with("margin_stat = \"a b\"\n")),
            "modes.toml:3:15: margin_stat must be a string that matches ^[A-Za-z0-9_]{1,32}$, not a string \"a b\"");
  EXPECT_EQ(problem_of("[[mode]]\nid = \"Ranked!\"\n"),
            "modes.toml:2:6: id must be a string that matches ^[a-z0-9_]{1,32}$, not a string \"Ranked!\"");
}

TEST(ModeTable, ReportsValuesOutOfRange) {
  EXPECT_EQ(problem_of(mode_with("teams = 17\n")), "modes.toml:3:9: teams must be from 2 to 16");
  EXPECT_EQ(problem_of(mode_with("teams = 1\n")), "modes.toml:3:9: teams must be from 2 to 16");
  EXPECT_EQ(problem_of(mode_with("team_sizes = [0]\n")), "modes.toml:3:15: team_sizes must be from 1 to 100");
  EXPECT_EQ(problem_of(mode_with("team_sizes = []\n")), "modes.toml:3:14: team_sizes must have 1 to 100 entries");
  EXPECT_EQ(problem_of(mode_with("max_window = nan\n")), "modes.toml:3:14: max_window must be from 0 to 20000");
}

TEST(ModeTable, ReportsFieldsThatContradictEachOther) {
  EXPECT_EQ(problem_of(mode_with("default_team_size = 6\n")),
            "modes.toml:3:21: default_team_size must be one of team_sizes");
  EXPECT_EQ(problem_of(mode_with("max_window = 50\n")), "modes.toml:3:14: max_window is less than initial_window");
  EXPECT_EQ(problem_of(mode_with("team_sizes = [2, 2]\n")), "modes.toml:3:14: team_sizes contains a size twice");
  EXPECT_EQ(problem_of(mode_with("widen = \"steps\"\nstep_points = 0\n")),
            "modes.toml:4:15: step_points is 0, so the window never reaches max_window");
}

// One row per key: the problem of a value of the wrong type, and the problem of a value out of range.
TEST(ModeTable, ReportsTheTypeAndTheRangeOfEveryKey) {
  struct Row {
    const char* key;
    const char* wrong_kind;
    const char* kind_problem;
    const char* out_of_range;  ///< "": every value is in range
    const char* range_problem;
  };
  constexpr Row kRows[] = {
      {"teams", "true", "must be an integer, not true or false", "17", "must be from 2 to 16"},
      {"team_sizes", "{}", "must be an array, not a table", "[101]", "must be from 1 to 100"},
      {"default_team_size", "[5]", "must be an integer, not an array", "0", "must be from 1 to 100"},
      {"use_rating", "\"yes\"", "must be true or false, not a string \"yes\"", "", ""},
      {"initial_window", "\"100\"", "must be a number, not a string \"100\"", "-1", "must be from 0 to 20000"},
      {"max_window", "false", "must be a number, not true or false", "20001", "must be from 0 to 20000"},
      {"widen", "3", "must be one of \"linear\" \"steps\", not an integer", "", ""},
      {"widen_seconds", "1979-05-27", "must be a number, not a date or time", "0", "must be from 0.1 to 86400"},
      {"step_seconds", "[]", "must be a number, not an array", "inf", "must be from 0.1 to 86400"},
      {"step_points", "{ a = 1 }", "must be a number, not a table", "-0.5", "must be from 0 to 20000"},
      {"max_wait_seconds", "\"\"", "must be a number, not a string \"\"", "86401", "must be from 1 to 86400"},
      {"max_latency_ms", "true", "must be a number, not true or false", "0", "must be from 1 to 10000"},
      {"latency_step_ms", "true", "must be a number, not true or false", "1e9", "must be from 0 to 10000"},
      {"latency_step_seconds", "true", "must be a number, not true or false", "0", "must be from 0.1 to 86400"},
      {"premade_offset", "10", "must be an array, not an integer", "[5001]", "must be from -5000 to 5000"},
      {"max_party_spread", "true", "must be a number, not true or false", "nan", "must be from 0 to 20000"},
      {"loading_seconds", "true", "must be a number, not true or false", "601", "must be from 0 to 600"},
      {"no_show_seconds", "true", "must be a number, not true or false", "3601", "must be from 0 to 3600"},
      {"disconnect_grace_seconds", "true", "must be a number, not true or false", "-1", "must be from 0 to 3600"},
      {"rating", "[\"elo\"]", "must be one of \"elo\" \"glicko2\" \"weng_lin\", not an array", "", ""},
      {"rated", "0", "must be true or false, not an integer", "", ""},
      {"margin_stat", "1", "must be a string that matches ^[A-Za-z0-9_]{1,32}$, not an integer", "", ""},
      {"margin_weight", "\"1\"", "must be a number, not a string \"1\"", "2", "must be from 0 to 1"},
  };
  for (const Row& row : kRows) {
    const std::string key = row.key;
    const auto problem_of_value = [&](const std::string& value) {
      return problem_of(mode_with(key + " = " + value + "\n"));
    };
    const auto place = "modes.toml:3:" + std::to_string(key.size() + 4) + ": " + key + " ";
    EXPECT_EQ(problem_of_value(row.wrong_kind), place + row.kind_problem);
    if (row.out_of_range[0] == '\0') continue;
    // The wrong entry of an array is one column further to the right.
    const auto column = key.size() + 4 + (row.out_of_range[0] == '[' ? 1 : 0);
    EXPECT_EQ(problem_of_value(row.out_of_range),
              "modes.toml:3:" + std::to_string(column) + ": " + key + " " + row.range_problem);
  }
}

TEST(ModeTable, SuggestsEveryKeyForAMisspelling) {
  for (const std::string key : {"team_sizes",
                                "default_team_size",
                                "use_rating",
                                "initial_window",
                                "max_window",
                                "widen_seconds",
                                "step_seconds",
                                "step_points",
                                "max_wait_seconds",
                                "max_latency_ms",
                                "latency_step_ms",
                                "latency_step_seconds",
                                "premade_offset",
                                "max_party_spread",
                                "loading_seconds",
                                "no_show_seconds",
                                "disconnect_grace_seconds",
                                "rating",
                                "rated",
                                "margin_stat",
                                "margin_weight"}) {
    auto slip = key;
    std::swap(slip[2], slip[3]);
    EXPECT_EQ(problem_of(mode_with(slip + " = 1\n")),
              "modes.toml:3:1: unknown key " + slip + "; did you mean " + key + "?");
  }
}

TEST(ModeTable, ReportsContradictionsAtTheirPosition) {
  EXPECT_EQ(problem_of(mode_with("initial_window = 600\n")),
            "modes.toml:3:18: initial_window is more than max_window, which is 500 unless it is set");
  // A mode with a wrong value is not checked for contradictions. The other modes are.
  EXPECT_EQ(problem_of("[[mode]]\nid = \"a\"\nmax_window = true\ninitial_window = 600\n[[mode]]\nid = \"b\"\n"
                       "default_team_size = 9\n[[mode]]\nid = \"c\"\nteams = 1\ndefault_team_size = 9\n"),
            "modes.toml:3:14: max_window must be a number, not true or false\n"
            "modes.toml:7:21: default_team_size must be one of team_sizes\n"
            "modes.toml:10:9: teams must be from 2 to 16");
}

TEST(ModeTable, RecordsThePositionOfEachKey) {
  const auto modes = parse_located_modes("\n[[mode]]\nid = \"a\"\n  teams =  3\n[[mode]]\nid = \"b\"\n", "modes.toml");
  ASSERT_TRUE(modes.ok());
  ASSERT_EQ(modes->size(), 2U);
  EXPECT_EQ((*modes)[0].place.line, 2U);
  EXPECT_EQ((*modes)[0].keys.at("teams").line, 4U);
  EXPECT_EQ((*modes)[0].keys.at("teams").column, 12U);
  EXPECT_EQ((*modes)[0].keys.size(), 2U);
  EXPECT_EQ((*modes)[1].place.line, 5U);
  EXPECT_EQ((*modes)[1].rules.id.str(), "b");
}

TEST(ModeTable, ReadsTheRatingSettings) {
  const auto table = parse_mode_table(
      mode_with("rating = \"glicko2\"\nmargin_stat = \"rounds\"\nmargin_weight = 0.5\n[[mode]]\nid = \"b\"\nrating = "
                "\"weng_lin\"\n"),
      "modes.toml");
  ASSERT_TRUE(table.ok()) << table.error().problems.front();
  const auto& glicko = table->all()[0];
  EXPECT_EQ(glicko.rating, RatingSystem::glicko2);
  EXPECT_EQ(glicko.margin_stat, StatName::parse("rounds"));
  EXPECT_EQ(glicko.margin_weight, 0.5);
  const auto& weng_lin = table->all()[1];
  EXPECT_EQ(weng_lin.rating, RatingSystem::weng_lin);
  EXPECT_EQ(weng_lin.margin_stat, std::nullopt);
  for (const auto& mode : shipped_mode_table().all()) {
    EXPECT_EQ(mode.rating, RatingSystem::elo);
    EXPECT_EQ(mode.margin_stat, std::nullopt);
  }
}

TEST(ModeTable, RefusesAMarginWithoutEffect) {
  EXPECT_EQ(problem_of(mode_with("margin_weight = 0.5\n")), "modes.toml:3:17: margin_weight needs margin_stat");
  EXPECT_EQ(problem_of(mode_with("rated = false\nmargin_stat = \"score\"\n")),
            "modes.toml:4:15: margin_stat requires a rated mode");
  EXPECT_EQ(problem_of(mode_with("margin_stat = \"score\"\nmargin_weight = 1.5\n")),
            "modes.toml:4:17: margin_weight must be from 0 to 1");
}

TEST(ModeTable, RefusesPhasesThatAreNotSupported) {
  EXPECT_EQ(problem_of(mode_with("loading_seconds = 30\n")),
            "modes.toml:3:19: loading_seconds above 0 is not supported yet");
  EXPECT_EQ(problem_of(mode_with("no_show_seconds = 30\n")),
            "modes.toml:3:19: no_show_seconds above 0 is not supported yet");
  EXPECT_EQ(problem_of(mode_with("loading_seconds = 0\nno_show_seconds = 0\n")), "");
}

TEST(ModeTable, RefusesTheSameModeTwice) {
  EXPECT_EQ(problem_of("[[mode]]\nid = \"a\"\n[[mode]]\nid = \"a\"\n"), "modes.toml:4:6: the mode a is defined twice");
}

TEST(ModeTable, RefusesATableWithoutModes) {
  EXPECT_EQ(problem_of(""), "modes.toml:1:1: has no [[mode]]");
  EXPECT_EQ(problem_of("mode = []\n"), "modes.toml:1:8: has no [[mode]]");
  EXPECT_EQ(problem_of("[mode]\nid = \"a\"\n"), "modes.toml:1:1: mode must be [[mode]] tables");
  EXPECT_EQ(problem_of("[[mode]]\nteams = 2\n"), "modes.toml:1:1: id is missing");
}

TEST(ModeTable, NamesThePlaceOfASyntaxError) {
  EXPECT_TRUE(problem_of("[[mode]]\nid = \n").starts_with("modes.toml:2:")) << problem_of("[[mode]]\nid = \n");
  EXPECT_TRUE(problem_of("[[mode]]\nid = \"a\"\nid = \"b\"\n").starts_with("modes.toml:3:"));
}

TEST(ModeTable, ReportsAllProblemsAtOnce) {
  EXPECT_EQ(problem_of("[[mode]]\nid = \"a\"\nteams = 99\nratd = true\n[[mode]]\nid = \"b\"\nmax_window = 1\n"),
            "modes.toml:3:9: teams must be from 2 to 16\n"
            "modes.toml:4:1: unknown key ratd; did you mean rated?\n"
            "modes.toml:7:14: max_window is less than initial_window");
}

TEST(ModeTable, ReportsAMissingFile) {
  const auto table = load_mode_table("/nonexistent/modes.toml");
  ASSERT_FALSE(table.ok());
  EXPECT_EQ(table.error().problems.front(), "/nonexistent/modes.toml: cannot be read, or is empty");
}

TEST(ShippedModes, EqualTheShippedFile) {
  const char* source = std::getenv("MM_TEST_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  const auto file = load_mode_table(std::string(source) + "/deployments/modes.toml");
  ASSERT_TRUE(file.ok()) << file.error().problems.front();
  const auto& shipped = shipped_mode_table().all();
  ASSERT_EQ(file->all().size(), shipped.size());
  for (std::size_t i = 0; i < shipped.size(); ++i) EXPECT_EQ(encode(file->all()[i]), encode(shipped[i]));
}

TEST(ShippedModes, AreRankedCasualAndDuel) {
  const auto& table = shipped_mode_table();
  const ModeRules* ranked = table.find(ranked_mode());
  const ModeRules* casual = table.find(*Mode::parse("casual"));
  const ModeRules* duel = table.find(*Mode::parse("duel"));
  ASSERT_TRUE(ranked != nullptr && casual != nullptr && duel != nullptr);
  EXPECT_TRUE(ranked->rated);
  EXPECT_EQ(ranked->team_size_or_default({}), 5);
  EXPECT_FALSE(casual->rated);
  EXPECT_GT(casual->initial_window, ranked->initial_window);
  EXPECT_EQ(duel->team_sizes, std::vector<int>{1});
}

TEST(Nearest, FindsTypingErrorsOnly) {
  EXPECT_EQ(nearest("max_windw", {"max_wait", "max_window"}), "max_window");
  EXPECT_EQ(nearest("zebra", {"max_wait", "max_window"}), std::nullopt);
  EXPECT_EQ(nearest("MM_TCIK_MS", {"MM_TICK_MS", "MM_PORT"}, 3), "MM_TICK_MS");
  EXPECT_EQ(nearest("MM_XYZ", {"MM_ABC"}, 3), std::nullopt);
  EXPECT_EQ(nearest("a", {}), std::nullopt);
}

}  // namespace
}  // namespace mm::wire
