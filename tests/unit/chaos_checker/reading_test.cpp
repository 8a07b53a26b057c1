// What mm-check reads, what it refuses, and what it prints.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "common/wire/json.h"
#include "tests/chaos/checker/command.h"
#include "tests/chaos/checker/input/lines.h"
#include "tests/chaos/checker/input/read_run.h"
#include "tests/chaos/checker/input/secrets.h"
#include "tests/unit/chaos_checker/planted.h"

namespace mm::chaos {
namespace {

RunFiles small_run() {
  RunFiles run;
  run.call("bots", "login", 1'000, 1'005, "ok", Json().text("name", "Anna"), Json().text("player", "a"));
  return run;
}

Run read(const RunFiles& files) {
  const testing::OwnFolder folder;
  files.write(folder.path());
  auto run = read_run(folder.path());
  EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().text);
  return std::move(run).value();
}

TEST(Reading, JoinsAnInvokeLineWithItsEnd) {
  auto files = small_run();
  files.lost("bots", "refresh", 2'000, Json().text("parent", "r0"));
  files.call("bots", "cancel", 3'000, 3'100, "info", Json().text("ticket", "t"), Json().number("status", 503));
  const auto run = read(files);
  ASSERT_EQ(run.calls.size(), 3U);
  EXPECT_EQ(run.calls[0].outcome, Outcome::ok);
  EXPECT_EQ(run.text(run.calls[0].player), "a");
  EXPECT_EQ(run.calls[0].end.us, 1'005'000);
  EXPECT_EQ(run.calls[1].outcome, Outcome::unknown);
  EXPECT_EQ(run.calls[1].end.us, kNever);
  EXPECT_EQ(run.calls[2].outcome, Outcome::unknown);
  EXPECT_EQ(run.calls[2].end.us, kNever);
  EXPECT_EQ(run.calls[2].status, 503);
}

TEST(Reading, IgnoresACutLastLine) {
  auto files = small_run();
  const auto checked = check(files, {"history/bots.jsonl"});
  EXPECT_EQ(checked.status, 0) << checked.errors;
  EXPECT_NE(checked.text.find("1 cut lines ignored"), std::string::npos) << checked.text;
}

TEST(Reading, RefusesALineThatIsBrokenInTheMiddle) {
  auto files = small_run();
  files.files["history/bots.jsonl"].insert(files.files["history/bots.jsonl"].begin() + 1, "{\"t\":1,");
  const auto checked = check(files);
  EXPECT_EQ(checked.status, 2);
  EXPECT_EQ(checked.errors.find("history/bots.jsonl:2: "), 0U) << checked.errors;
}

TEST(Reading, NamesFileLineAndFieldOfAWrongValue) {
  const auto error_of = [](const RunFiles& files) { return check(files).errors; };
  auto files = small_run();
  files.fact("bots", "frame", 2'000, Json().text("seq", "seven"));
  EXPECT_EQ(error_of(files), "history/bots.jsonl:3: seq: must be an integer\n");
  files = small_run();
  files.row("session.match", Json().text("match_id", "m"));
  EXPECT_EQ(error_of(files), "dump/postgres/session.match.jsonl:1: state: is missing\n");
  files = small_run();
  files.row("profile.applied", Json().text("match_id", "m").text("mode", "duel").text("applied_at", "yesterday"));
  EXPECT_EQ(error_of(files), "dump/postgres/profile.applied.jsonl:1: applied_at: must be a time\n");
  files = small_run();
  files.key("claim", "hash", R"({"a":"x"})");
  EXPECT_EQ(error_of(files), "dump/redis_queue.jsonl:1: value: a claim must be t:<ticket> or m:<match>\n");
  files = small_run();
  files.add("run.json", Json().raw("settings", R"({"max_servers":"many"})"));
  EXPECT_EQ(error_of(files), "run.json:1: max_servers: must be an integer\n");
}

TEST(Reading, RefusesAnOperationWithTwoEnds) {
  auto files = small_run();
  files.line("bots", 1, "login", "fail", 2'000, {});
  EXPECT_EQ(check(files).errors, "history/bots.jsonl:3: i: this operation has ended before\n");
}

TEST(Reading, RefusesAFolderWithoutAHistory) {
  const testing::OwnFolder folder;
  EXPECT_EQ(check_folder(folder.path()).status, 2);
  EXPECT_EQ(check_folder(folder.path() + "/none").status, 2);
}

TEST(Reading, AcceptsUnknownOperationsAndFields) {
  auto files = small_run();
  files.call("bots", "dance", 2'000, 2'005, "ok", Json().text("with", "b"));
  const auto checked = check(files);
  EXPECT_EQ(checked.status, 0) << checked.errors;
  EXPECT_NE(checked.text.find("1 of unknown kinds not checked"), std::string::npos) << checked.text;
}

TEST(Reading, TakesTheWaitsOfTheRunsModes) {
  auto files = small_run();
  files.files["modes.toml"] = {"[[mode]]", "id = \"duel\"", "team_sizes = [1]", "max_wait_seconds = 30"};
  files.add("run.json", Json().raw("settings", R"({"max_wait":{"duel":20}})"));
  const auto run = read(files);
  ASSERT_EQ(run.modes.size(), 1U);
  EXPECT_EQ(run.modes[0].max_wait_seconds, 20);
}

TEST(Timestamps, OfPostgresAndNatsAreUnderstood) {
  const std::int64_t expected = 1'700'000'000'123;
  EXPECT_EQ(parse_timestamp("2023-11-14T22:13:20.123Z"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-14T22:13:20.123456789Z"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-14T22:13:20.123456+00:00"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-14 22:13:20.123456+00"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-15T00:43:20.123+02:30"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-14T17:13:20.123-05:00"), expected);
  EXPECT_EQ(parse_timestamp("2023-11-14T22:13:20+00:00"), 1'700'000'000'000);
  EXPECT_EQ(parse_timestamp("2023-11-14T22:13:20"), std::nullopt);
  EXPECT_EQ(parse_timestamp("yesterday"), std::nullopt);
}

TEST(Timeline, AddsUpOverlappingFaultsOnce) {
  const Timeline timeline({{"F01", {}, 100, 200}, {"F02", {}, 150, 250}, {"F30", {}, 400, 500}});
  EXPECT_EQ(timeline.disturbed_ms(0, 1'000), 250);
  EXPECT_EQ(timeline.disturbed_ms(180, 420), 90);
  EXPECT_EQ(timeline.disturbed_ms(420, 180), 0);
  EXPECT_TRUE(timeline.calm(251, 399));
  EXPECT_FALSE(timeline.calm(300, 400));
  EXPECT_FALSE(timeline.calm(50, 700));
  EXPECT_TRUE(timeline.any_after(300, {"F30"}));
  EXPECT_FALSE(timeline.any_after(501, {"F30"}));
  EXPECT_FALSE(timeline.any_after(0, {"F15"}));
  EXPECT_TRUE(Timeline().calm(0, kNever));
}

TEST(TextFinder, FindsEachTextWhereverItStands) {
  const TextFinder finder({"canary-1234", "canary-1299", "short"});
  EXPECT_EQ(finder.size(), 2U);
  std::vector<std::size_t> found;
  finder.find("xcanary-12canary-1299;short;canary-1234", [&](std::size_t at) { found.push_back(at); });
  EXPECT_EQ(found, (std::vector<std::size_t>{10, 28}));
}

TEST(Report, ShowsTheLinesInOrderOfTimeAndInJson) {
  RunFiles files;
  files.fact("campaign", "load_begin", 0);
  for (const auto& planted : planted_logins()) {
    if (planted.fault == "token has two children") planted.plant(files);
  }
  const testing::OwnFolder folder;
  files.write(folder.path());
  std::ostringstream out;
  std::ostringstream errors;
  const auto json_file = folder.path() + "/report.json";
  EXPECT_EQ(check_command({folder.path(), "--json", json_file}, out, errors), 1) << errors.str();
  const auto text = out.str();
  EXPECT_NE(text.find("I22 VIOLATED 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("I22 refresh token r0 has two accepted children.\n  history/bots.jsonl:3: {"), std::string::npos)
      << text;
  EXPECT_LT(text.find("history/bots.jsonl:4"), text.find("history/bots.jsonl:6")) << text;

  std::stringstream written;
  written << std::ifstream(json_file).rdbuf();
  const auto document = json::Document::parse(written.str());
  ASSERT_TRUE(document.ok()) << written.str();
  EXPECT_TRUE(document->root().find("violated")->boolean());
  EXPECT_EQ(document->root().find("invariants")->size(), 34U);
}

TEST(Report, DoesNotRepeatASecret) {
  RunFiles files;
  files.fact("campaign", "load_begin", 0);
  files.files["canaries.txt"] = {"canary-4f1c9a"};
  files.files["logs/a/gateway.log"] = {"one", "two canary-4f1c9a"};
  const auto checked = check(files);
  EXPECT_NE(checked.text.find("  logs/a/gateway.log:2\n"), std::string::npos) << checked.text;
  EXPECT_EQ(checked.text.find("canary-4f1c9a"), std::string::npos) << checked.text;
}

TEST(Command, RefusesWrongArguments) {
  std::ostringstream out;
  std::ostringstream errors;
  EXPECT_EQ(check_command({}, out, errors), 2);
  EXPECT_EQ(check_command({"a", "b"}, out, errors), 2);
  EXPECT_EQ(check_command({"--what"}, out, errors), 2);
  EXPECT_NE(errors.str().find("usage: mm-check RUN"), std::string::npos);
}

}  // namespace
}  // namespace mm::chaos
