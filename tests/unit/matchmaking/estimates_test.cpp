// What a new ticket is told about its wait.
#include "services/matchmaker/core/estimates.h"

#include <gtest/gtest.h>

#include "tests/unit/matchmaking/instance.h"

namespace mm::matchmaker {
namespace {

using testing::kNow;
using testing::rules_for;

TEST(WaitEstimating, WithoutDataSaysWhatTheRulesLetExpect) {
  const WaitEstimates estimates(rules_for());
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p50_ms, 20'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p90_ms, 40'000);
  EXPECT_DOUBLE_EQ(estimates.overall(kNow).p50_ms, 0);
}

TEST(WaitEstimating, IsNeverLongerThanTheLongestWait) {
  ModeRules rules = rules_for();
  rules.max_wait_seconds = 10;
  WaitEstimates estimates(rules);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p90_ms, 10'000);
}

TEST(WaitEstimating, ListensToMatchesNearTheRating) {
  WaitEstimates estimates(rules_for());
  for (int i = 0; i < 100; ++i) {
    estimates.record(1500 + i % 10, 1'000 + i * 10, kNow);
    estimates.record(2400 + i % 10, 60'000, kNow);
  }
  EXPECT_NEAR(estimates.estimate(1500, kNow).p50_ms, 1'500, 300);
  EXPECT_NEAR(estimates.estimate(1500, kNow).p90_ms, 1'900, 200);
  EXPECT_DOUBLE_EQ(estimates.estimate(2400, kNow).p50_ms, 60'000);
  EXPECT_NEAR(estimates.overall(kNow).p50_ms, 2'000, 1'000);
  EXPECT_DOUBLE_EQ(estimates.overall(kNow).p90_ms, 60'000);
}

TEST(WaitEstimating, ForgetsWhatIsLongAgoOrManyMatchesAgo) {
  WaitEstimates estimates(rules_for());
  for (int i = 0; i < 100; ++i) estimates.record(1500, 5'000, kNow - 3'600'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p50_ms, 20'000);
  for (int i = 0; i < 5'000; ++i) estimates.record(1500, i < 2'500 ? 90'000 : 2'000, kNow);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p90_ms, 2'000);
}

TEST(WaitEstimating, TakesAFewSamplesWithCaution) {
  WaitEstimates estimates(rules_for());
  estimates.record(1500, 100, kNow);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p50_ms, 20'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, kNow).p90_ms, 40'000);
}

}  // namespace
}  // namespace mm::matchmaker
