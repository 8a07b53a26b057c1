// Tests of rating windows, of the latency rule and of the limit of party spreads.
#include "services/matchmaker/matching/rules/window.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/matchmaker/matching/ticket/latency.h"
#include "services/matchmaker/matching/ticket/party_spread.h"
#include "tests/unit/matchmaking/instance.h"

namespace mm::matching {
namespace {

using testing::rules_for;

Region region(const char* name) { return *Region::parse(name); }

TEST(Windows, WidenLinearlyUpToTheLimit) {
  const ModeRules rules = rules_for();
  EXPECT_DOUBLE_EQ(window_points(rules, 0), 100);
  EXPECT_DOUBLE_EQ(window_points(rules, 20'000), 300);
  EXPECT_DOUBLE_EQ(window_points(rules, 40'000), 500);
  EXPECT_DOUBLE_EQ(window_points(rules, 4'000'000), 500);
  EXPECT_DOUBLE_EQ(window_points(rules, -5), 100);
}

TEST(Windows, WidenInSteps) {
  ModeRules rules = rules_for();
  rules.widen = Widening::steps;
  EXPECT_DOUBLE_EQ(window_points(rules, 4'999), 100);
  EXPECT_DOUBLE_EQ(window_points(rules, 5'000), 150);
  EXPECT_DOUBLE_EQ(window_points(rules, 9'999), 150);
  EXPECT_DOUBLE_EQ(window_points(rules, 40'000), 500);
  EXPECT_DOUBLE_EQ(window_points(rules, 400'000), 500);
}

TEST(Windows, AreMutual) {
  EXPECT_TRUE(accept_each_other(1000, 500, 1400, 400));
  EXPECT_FALSE(accept_each_other(1000, 500, 1400, 399));
  EXPECT_FALSE(accept_each_other(1400, 399, 1000, 500));
}

RC_GTEST_PROP(Windows, ReachAGapAtTheReportedTime, ()) {
  ModeRules rules = rules_for();
  rules.initial_window = *rc::gen::inRange(0, 300);
  rules.max_window = rules.initial_window + *rc::gen::inRange(0, 2000);
  rules.widen = *rc::gen::element(Widening::linear, Widening::steps);
  rules.widen_seconds = *rc::gen::inRange(1, 100) / 10.0;
  rules.step_seconds = *rc::gen::inRange(1, 100) / 10.0;
  rules.step_points = *rc::gen::inRange(1, 100);
  const Window window(rules);
  const Rating gap = *rc::gen::inRange(0, 2500 * kUnitsPerPoint);
  const BucketMs reached = window.reaches(gap);
  if (reached == Window::kNever) {
    RC_ASSERT(window.at(1'000'000'000) < gap);
  } else {
    RC_ASSERT(window.at(reached) >= gap);
    RC_ASSERT(reached == 0 || window.at(reached - 1) < gap);
  }
}

TEST(LatencyRule, OpensTheBestRegionFirstAndTheOthersWithTheWait) {
  ModeRules rules = rules_for();
  rules.max_latency_ms = 100;
  const Latencies latencies{
      {region("eu-west"), 20}, {region("eu-north"), 40}, {region("us-east"), 96}, {region("ap-south"), 180}};
  EXPECT_EQ(opens_after_ms(rules, latencies, region("eu-west")), 0);
  EXPECT_EQ(opens_after_ms(rules, latencies, region("eu-north")), 10'000);
  EXPECT_EQ(opens_after_ms(rules, latencies, region("us-east")), 40'000);
  EXPECT_EQ(opens_after_ms(rules, latencies, region("ap-south")), std::nullopt);
  EXPECT_EQ(opens_after_ms(rules, latencies, region("sa-east")), std::nullopt);
}

TEST(LatencyRule, WithoutALimitEveryMeasuredRegionOpensEventually) {
  const ModeRules rules = rules_for();
  const Latencies latencies{{region("eu-west"), 20}, {region("ap-south"), 270}};
  EXPECT_EQ(opens_after_ms(rules, latencies, region("ap-south")), 100'000);
}

TEST(PartySpread, IsAllowedUpToTheModesLimit) {
  ModeRules rules = rules_for();
  std::vector<TicketPlayer> players(2);
  players[0].mmr = 1200;
  players[1].mmr = 1500;
  EXPECT_TRUE(party_spread_allowed(rules, players));
  rules.max_party_spread = 300;
  EXPECT_TRUE(party_spread_allowed(rules, players));
  rules.max_party_spread = 299.9;
  EXPECT_FALSE(party_spread_allowed(rules, players));
  EXPECT_DOUBLE_EQ(party_spread({}), 0);
}

}  // namespace
}  // namespace mm::matching
