// Tests of a stack with two instances of every daemon: no request fails when the daemons are restarted one after the
// other, and none when one instance is frozen.
#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

#include "common/testing/wait.h"
#include "tests/e2e/instances/load.h"
#include "tests/e2e/stack/client.h"
#include "tests/e2e/stack/stack.h"

namespace mm::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr Milliseconds kTimeout{60'000};

std::vector<int> gateway_ports() {
  const int first = Stack::instance().port_base();
  return {first, first + 1};
}

/// The lines of `make status` that contain the text.
std::vector<std::string> status_lines(const std::string& text) {
  std::istringstream all(Stack::instance().control("status").output);
  std::vector<std::string> lines;
  for (std::string line; std::getline(all, line);) {
    if (line.find(text) != std::string::npos) lines.push_back(line);
  }
  return lines;
}

/// The instance of the orchestrator that serves, and the one that waits.
struct Orchestrators {
  std::string serving, standby;
};
Orchestrators orchestrators() {
  Orchestrators found;
  for (const std::string name : {"orchestrator-1", "orchestrator-2"}) {
    const auto lines = status_lines(name + " ");
    if (lines.empty()) continue;
    if (lines.front().ends_with("standby")) found.standby = name;
    if (lines.front().ends_with("ready")) found.serving = name;
  }
  return found;
}

TEST(Instances, ARollingRestartFailsNoRequest) {
  Load load(Load::Kind::mixed, gateway_ports());
  ASSERT_TRUE(load.answers_more(300));
  const int before = Stack::instance().pid_of("session-1");
  const auto restarted = Stack::instance().control("rolling-restart");
  EXPECT_EQ(restarted.status, 0) << restarted.output;
  EXPECT_NE(Stack::instance().pid_of("session-1"), before);
  EXPECT_TRUE(load.answers_more(300));
  EXPECT_THAT(load.failures(), IsEmpty()) << "of " << load.answered();
  EXPECT_THAT(status_lines(" ended at "), IsEmpty()) << "an ordered stop is not a failure";
}

class FrozenInstance : public ::testing::TestWithParam<const char*> {};

TEST_P(FrozenInstance, FailsNoRequestThatMayBeRepeated) {
  const int process = Stack::instance().pid_of(GetParam());
  ASSERT_GT(process, 0);
  Load load(Load::Kind::repeatable, gateway_ports());
  ASSERT_TRUE(load.answers_more(300));
  ASSERT_EQ(kill(process, SIGSTOP), 0);
  EXPECT_TRUE(load.answers_more(300));
  ASSERT_EQ(kill(process, SIGCONT), 0);
  EXPECT_TRUE(load.answers_more(300));
  EXPECT_THAT(load.failures(), IsEmpty()) << "of " << load.answered();
}

INSTANTIATE_TEST_SUITE_P(Each, FrozenInstance, ::testing::Values("lobby-1", "session-1", "profile-1", "leaderboard-1"),
                         [](const auto& row) {
                           const std::string name = row.param;
                           return name.substr(0, name.find('-'));
                         });

TEST(Instances, TheStandbyOfTheOrchestratorTakesOverAndMatchesGoOn) {
  auto before = orchestrators();
  ASSERT_FALSE(before.serving.empty()) << Stack::instance().control("status").output;
  ASSERT_FALSE(before.standby.empty()) << Stack::instance().control("status").output;
  ASSERT_EQ(kill(Stack::instance().pid_of(before.serving), SIGKILL), 0);
  EXPECT_TRUE(testing::eventually([&] { return orchestrators().serving == before.standby; }, kTimeout));
  EXPECT_TRUE(testing::eventually([&] { return orchestrators().standby == before.serving; }, kTimeout));

  const auto one = Player::fresh_after_outage(), two = Player::fresh_after_outage();
  for (const auto* player : {&one, &two})
    EXPECT_EQ(player->post("/v1/matchmaking/queue", R"({"mode":"duel"})").status, 201);
  EXPECT_TRUE(testing::eventually([&] { return one.get("/v1/matches/history").size("matches") == 1; }, kTimeout));

  const auto ends = status_lines(before.serving + " ended at ");
  ASSERT_EQ(ends.size(), 1u);
  EXPECT_THAT(ends.front(), HasSubstr("(signal KILL); its last line was: {"));
}

}  // namespace
}  // namespace mm::e2e
