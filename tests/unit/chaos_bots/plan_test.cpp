// The options of the bots, and the reports that the game server plans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/chaos/bots/options.h"
#include "tests/chaos/bots/server/report_plan.h"

namespace mm::chaos {
namespace {

using ::testing::HasSubstr;

TEST(Options, AreReadFromTheArguments) {
  const auto options = parse_options({"--gateways", "http://127.0.0.1:1,http://127.0.0.1:2", "--players", "300",
                                      "--rate", "0.5", "--seed", "18446744073709551615", "--history",
                                      "/tmp/run/history/bots.jsonl", "--modes", "duel,ranked"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->gateways.size(), 2u);
  EXPECT_EQ(options->gateways[1].port, "2");
  EXPECT_EQ(options->players, 300);
  EXPECT_EQ(options->rate, 0.5);
  EXPECT_EQ(options->seed, 18446744073709551615u);
  EXPECT_EQ(options->canaries, "/tmp/run/canaries.txt");
  EXPECT_THAT(options->modes, ::testing::ElementsAre("duel", "ranked"));
}

TEST(Options, WrongOnesAreNamed) {
  const std::vector<std::string> needed{"--gateways", "http://127.0.0.1:1", "--history", "h"};
  const auto error = [&](std::vector<std::string> more) {
    more.insert(more.begin(), needed.begin(), needed.end());
    const auto options = parse_options(more);
    return options ? std::string("accepted") : options.error();
  };
  EXPECT_EQ(error({}), "accepted");
  EXPECT_THAT(error({"--players", "0"}), HasSubstr("--players"));
  EXPECT_THAT(error({"--rate", "1e9"}), HasSubstr("--rate"));
  EXPECT_THAT(error({"--seconds", "5x"}), HasSubstr("--seconds"));
  EXPECT_THAT(error({"--drain"}), HasSubstr("--drain"));
  EXPECT_THAT(error({"--speed", "5"}), HasSubstr("--speed"));
  EXPECT_THAT(error({"--gateways", "https://127.0.0.1:1"}), HasSubstr("--gateways"));
  EXPECT_THAT(error({"--gateways", "http://localhost:1"}), HasSubstr("--gateways")) << "names would need a resolver";
  EXPECT_FALSE(parse_options({"--history", "h"}));
  EXPECT_FALSE(parse_options({"--gateways", "http://127.0.0.1:1"}));
}

TEST(ReportPlan, EveryResultIsReportedTheGivenNumberOfTimes) {
  rc::check([] {
    Random random(*rc::gen::arbitrary<std::uint64_t>());
    const int count = *rc::gen::inRange(1, 21);
    const auto plan = plan_reports(count, random);
    const auto same =
        std::count_if(plan.begin(), plan.end(), [](const PlannedReport& report) { return !report.differs; });
    RC_ASSERT(same == count);
    RC_ASSERT(std::is_sorted(plan.begin(), plan.end(),
                             [](const PlannedReport& a, const PlannedReport& b) { return a.step < b.step; }));
  });
}

// A different result may be sent only after an acknowledged one: before, it would be as good as the first.
TEST(ReportPlan, ADifferentResultFollowsAnAcknowledgedOne) {
  int different = 0, concurrent = 0, alone = 0;
  Random random(7);
  for (int i = 0; i < 1'000; ++i) {
    const auto plan = plan_reports(3, random);
    EXPECT_FALSE(plan.front().differs);
    for (const auto& report : plan) {
      if (!report.differs) continue;
      ++different;
      EXPECT_GT(report.step, plan.front().step);
    }
    const auto at_once = std::count_if(plan.begin(), plan.end(), [](const auto& report) { return report.step == 0; });
    ++(at_once == 3 ? concurrent : alone);
  }
  EXPECT_GT(different, 100);
  EXPECT_GT(concurrent, 200);
  EXPECT_GT(alone, 500);
}

}  // namespace
}  // namespace mm::chaos
