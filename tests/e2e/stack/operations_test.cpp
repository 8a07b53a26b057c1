// Tests of the tasks of operators and game studios: the state of the stack, killed processes, the demo, and the SDK.
#include <gtest/gtest.h>
#include <signal.h>

#include <cmath>
#include <iterator>
#include <map>
#include <sstream>
#include <vector>

#include "common/bus/bus.h"
#include "common/testing/wait.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/processes.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

TEST(Operations, StatusListsEveryProcessAsReady) {
  const auto status = Stack::instance().control("status");
  EXPECT_EQ(status.status, 0) << status.output;
  for (const auto& name : all_processes()) {
    EXPECT_TRUE(Stack::instance().ready(name)) << name << "\n" << status.output;
  }
}

TEST(Operations, ASecondUpChangesNothing) {
  const int before = Stack::instance().pid_of("gateway-1");
  EXPECT_EQ(Stack::instance().control("up").status, 0);
  EXPECT_EQ(Stack::instance().pid_of("gateway-1"), before);
}

class KilledProcess : public ::testing::TestWithParam<std::string> {};
TEST_P(KilledProcess, ComesBackAndPlayersGoOn) {
  const auto& name = GetParam();
  const auto player = Player::fresh_after_outage("ca-test");  // the previous test has killed a process as well
  const int before = Stack::instance().pid_of(name);
  ASSERT_GT(before, 0);
  ASSERT_EQ(kill(before, SIGKILL), 0);
  EXPECT_TRUE(testing::eventually(
      [&] {
        const int now = Stack::instance().pid_of(name);
        return now > 0 && now != before && Stack::instance().ready(name);
      },
      Milliseconds(30'000)));
  // These requests use all daemons: the queue, the profile and the leaderboard.
  EXPECT_TRUE(testing::eventually(
      [&] {
        // 409 names the ticket of an earlier try whose removal was refused during the outage.
        const auto ticket = player.post("/v1/matchmaking/queue", R"({"mode":"duel"})");
        return (ticket.status == 201 || ticket.status == 409) &&
               player.remove("/v1/matchmaking/queue/" + ticket.at("ticket_id")).status == 204;
      },
      Milliseconds(30'000)));
  EXPECT_TRUE(testing::eventually(
      [&] {
        return player.get("/v1/profile/me").status == 200 && player.get("/v1/leaderboard").status == 200 &&
               player.get("/v1/matchmaking/active").status == 200;
      },
      Milliseconds(30'000)));
}
INSTANTIATE_TEST_SUITE_P(Each, KilledProcess, ::testing::ValuesIn(all_processes()), [](const auto& row) {
  std::string name = row.param;
  for (auto& c : name)
    if (c == '-') c = '_';
  return name;
});

/// The rounded ratings by player from one of the two tables of the demo: the rating changes or the leaderboard.
std::map<std::string, int> table_of(const std::string& output, const std::string& heading, std::size_t name_at,
                                    std::size_t mmr_at) {
  std::map<std::string, int> ratings;
  std::istringstream lines(output.substr(std::min(output.find("\n" + heading), output.size())));
  std::string line;
  for (int skipped = 0; skipped < 3; ++skipped) std::getline(lines, line);  // an empty line, the heading, the columns
  while (std::getline(lines, line) && !line.empty()) {
    std::istringstream words(line);
    std::vector<std::string> row(std::istream_iterator<std::string>{words}, {});
    if (row.size() > std::max(name_at, mmr_at))
      ratings[row[name_at]] = static_cast<int>(std::lround(std::stod(row[mmr_at])));
  }
  return ratings;
}

TEST(Operations, TheDemoPlaysARoundAndShowsTheStandingsAfterIt) {
  const auto demo = Stack::instance().shell("$BUILD/bin/mm-demo play 2");
  EXPECT_EQ(demo.status, 0) << demo.output;
  EXPECT_EQ(demo.output.find("FAILED"), std::string::npos) << demo.output;
  const auto printed = table_of(demo.output, "Ratings", 0, 3);
  const auto shown = table_of(demo.output, "Leaderboard: ranked", 1, 2);
  EXPECT_EQ(printed.size(), 20u) << demo.output;
  EXPECT_EQ(shown.size(), 10u) << demo.output;
  for (const auto& [name, mmr] : shown) {
    const auto found = printed.find(name);
    if (found != printed.end()) {
      EXPECT_EQ(mmr, found->second) << name << "\n" << demo.output;
    }
  }
}

TEST(Operations, AGameBuildsAndRunsAgainstTheInstalledSdk) {
  const auto& stack = Stack::instance();
  const auto built = stack.shell("cmake --install $BUILD --component sdk --prefix " + stack.folder() +
                                 "/sdk > /dev/null && cmake -S sdk/cpp/examples -B " + stack.folder() +
                                 "/examples -DCMAKE_PREFIX_PATH=" + stack.folder() +
                                 "/sdk -DCMAKE_CXX_COMPILER_LAUNCHER=ccache > /dev/null && cmake --build " +
                                 stack.folder() + "/examples");
  ASSERT_EQ(built.status, 0) << built.output;
  for (const char* example : {"party", "duel"}) {
    const auto run = stack.shell(stack.folder() + "/examples/" + example);
    EXPECT_EQ(run.status, 0) << example << "\n" << run.output;
  }
}

// The recipe of the Makefile, with the programs of this build.
Stack::Command dead_letters(const std::string& words = "") {
  return Stack::instance().shell("make -s dead-letters BUILD=$BUILD " + words);
}

TEST(Operations, DeadLettersAreListedShownRetriedAndDiscarded) {
  const auto url = Stack::instance().nats_url();  // before the deadline begins: the stack may be started here
  metrics::Registry metrics;
  const auto deadline = Deadline::after(Milliseconds{30'000});
  const auto bus = bus::Bus::connect({.url = url, .name = "test"}, metrics, deadline);
  ASSERT_TRUE(bus.ok()) << bus.error();
  const auto key = new_uuid(SystemClock{}.now()).to_string();
  const auto stored = (*bus)->store("match.found", "no event: " + key, key, {}, deadline);
  ASSERT_TRUE(stored.ok()) << stored.error();

  Stack::Command list;
  const auto is_listed = [&] {
    list = dead_letters();
    return list.status == 0 && list.output.find("MATCH.session") != std::string::npos;
  };
  ASSERT_TRUE(testing::eventually(is_listed)) << list.output;
  // Another consumer may have given the event up as well.
  std::istringstream lines(list.output);
  std::string id;
  for (std::string line; std::getline(lines, line);) {
    if (line.find("MATCH.session") != std::string::npos) std::istringstream(line) >> id;
  }

  const auto letter = dead_letters("SHOW=" + id);
  EXPECT_EQ(letter.status, 0) << letter.output;
  EXPECT_NE(letter.output.find("message id: " + key), std::string::npos) << letter.output;
  EXPECT_EQ(dead_letters("BODY=" + id).output, "no event: " + key);
  const auto retried = dead_letters("RETRY=" + id);
  EXPECT_NE(retried.status, 0) << "session cannot decode the event";
  EXPECT_NE(retried.output.find("letter " + id + ": not handled"), std::string::npos) << retried.output;
  EXPECT_NE(dead_letters("RETRY=all").status, 0);
  EXPECT_EQ(dead_letters("DISCARD=" + id).output, "letter " + id + ": discarded\n");
  EXPECT_EQ(dead_letters().output.find("MATCH.session"), std::string::npos);
  EXPECT_EQ(dead_letters("DISCARD=all").status, 0);
  EXPECT_EQ(dead_letters().output, "There are no unresolved dead letters.\n");
}

}  // namespace
}  // namespace mm::e2e
