// Tests of the wait estimates of tickets. tests/unit/simulator/coverage_test.cpp checks their accuracy on simulated
// crowds.
#include "services/matchmaker/waits/estimates.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/matchmaking/instance.h"

namespace mm::matchmaker {
namespace {

using matching::testing::kNow;
using matching::testing::rules_for;

/// Estimates that have observed an empty queue for ten minutes.
WaitEstimates idle_estimates() {
  WaitEstimates estimates(rules_for());
  estimates.waiting({}, kNow - 600'000);
  return estimates;
}

TEST(WaitEstimating, WithoutDataUsesTheRulesOfTheMode) {
  const WaitEstimates estimates(rules_for());
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p90_ms, 40'000);
  EXPECT_DOUBLE_EQ(estimates.overall(kNow).p50_ms, 0);
}

TEST(WaitEstimating, IsNeverLongerThanTheMaximumWait) {
  ModeRules rules = rules_for();
  rules.max_wait_seconds = 10;
  const WaitEstimates estimates(rules);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p90_ms, 10'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow, 7'000).p90_ms, 3'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow, 12'000).p90_ms, 0);
}

TEST(WaitEstimating, UsesTicketsOfSimilarRatingAndTheSameSize) {
  WaitEstimates estimates = idle_estimates();
  for (int i = 0; i < 90; ++i) {
    estimates.matched(1500 + i % 10, 1, 1'000 + i * 10, kNow);
    estimates.matched(2400 + i % 10, 1, 60'000, kNow);
  }
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow).p50_ms, 1'450, 50);
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow).p90_ms, 1'820, 50);
  EXPECT_DOUBLE_EQ(estimates.estimate(2400, 1, kNow).p50_ms, 60'000);
  EXPECT_DOUBLE_EQ(estimates.overall(kNow).p90_ms, 60'000);
  for (int i = 0; i < 48; ++i) estimates.matched(1000, i % 2 + 1, i % 2 == 0 ? 1'000 : 9'000, kNow);
  EXPECT_NEAR(estimates.estimate(1000, 1, kNow).p50_ms, 1'000, 100);
  EXPECT_DOUBLE_EQ(estimates.estimate(1000, 2, kNow).p50_ms, 9'000);
}

TEST(WaitEstimating, ForgetsOldMatches) {
  WaitEstimates estimates = idle_estimates();
  for (int i = 0; i < 100; ++i) estimates.matched(1500, 1, 5'000, kNow - 3'600'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  for (int i = 0; i < 5'000; ++i) estimates.matched(1500, 1, i < 2'500 ? 90'000 : 2'000, kNow + i);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow + 5'000).p90_ms, 2'000);
}

TEST(WaitEstimating, OneShortWaitDoesNotLowerTheEstimate) {
  WaitEstimates estimates = idle_estimates();
  estimates.matched(1500, 1, 100, kNow);
  EXPECT_GE(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  EXPECT_GE(estimates.estimate(1500, 1, kNow).p90_ms, 40'000);
}

// The worked example of estimates.h, repeated six times so that the estimate from the rules of the mode has no weight.
TEST(WaitEstimating, CountsTicketsThatStillWait) {
  WaitEstimates of_matched_only = idle_estimates(), estimates = idle_estimates();
  WaitingSample sample;
  for (int i = 0; i < 6; ++i) {
    for (const BucketMs waited : {2'000, 4'000, 6'000}) {
      of_matched_only.matched(1500, 1, waited, kNow);
      estimates.matched(1500, 1, waited, kNow);
    }
    for (int waiting = 0; waiting < 3; ++waiting) sample.add(1500, 1, 5'000);
  }
  estimates.waiting(sample, kNow);
  EXPECT_DOUBLE_EQ(of_matched_only.estimate(1500, 1, kNow).p50_ms, 4'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 6'000);
}

TEST(WaitEstimating, CountsTicketsThatGaveUp) {
  WaitEstimates estimates = idle_estimates();
  for (int i = 0; i < 30; ++i) {
    estimates.matched(1500, 1, 1'000, kNow);
    estimates.departed(1500, 1, 30'000, kNow);
    estimates.matched(1500, 1, 50'000, kNow);
  }
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 50'000);
}

// A ticket that was sampled as waiting and is matched a moment later counts as one ticket, not as two.
TEST(WaitEstimating, CountsNoTicketTwice) {
  WaitEstimates estimates = idle_estimates();
  for (int i = 0; i < 20; ++i) estimates.matched(1500, 1, 1'000, kNow - 10'000);
  WaitingSample sample;
  for (int i = 0; i < 30; ++i) sample.add(1500, 1, 5'000);
  estimates.waiting(sample, kNow);
  for (int i = 0; i < 30; ++i) estimates.matched(1500, 1, 6'000, kNow + 1'000);
  // Of the 50 tickets, 20 were matched at 1 s and 30 at 6 s: two fifths and three fifths.
  const WaitCurve curve = estimates.curve(1500, 1, kNow + 1'000);
  EXPECT_DOUBLE_EQ(curve.remaining(0).p50_ms, 6'000);
  EXPECT_NEAR(curve.remaining(2'000).p50_ms, 4'000, 200);
}

TEST(WaitEstimating, TheRemainingWaitGrowsForTicketsThatHaveWaitedLong) {
  WaitEstimates estimates = idle_estimates();
  for (int i = 1; i <= 95; ++i) estimates.matched(1500, 1, i * 100, kNow);
  const WaitCurve curve = estimates.curve(1500, 1, kNow);
  EXPECT_NEAR(curve.remaining(0).p50_ms, 4'800, 150);
  EXPECT_NEAR(curve.remaining(4'800).p50_ms, 2'400, 150);
  EXPECT_NEAR(curve.remaining(4'800).p90_ms, 4'350, 150);
  // No known ticket waited this long. The remaining wait is then proportional to the time waited.
  EXPECT_NEAR(curve.remaining(20'000).p50_ms, 8'500, 1'500);
  EXPECT_GT(curve.remaining(60'000).p50_ms, curve.remaining(20'000).p50_ms);
}

// The waits are drawn from a known distribution and cut off by a snapshot. The estimate must fit that distribution.
TEST(WaitEstimating, IsUnbiasedWhereWaitsAreLongerThanTheObservedTime) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> distribution(1 / 120'000.0);
  WaitEstimates estimates(rules_for());
  WaitingSample before, now;
  for (int i = 0; i < 90; ++i) {
    const auto queued_at = kNow - 400'000 + i * 4'000;
    const auto ends = queued_at + static_cast<BucketMs>(distribution(random));
    if (ends > kNow - 90'000 && queued_at < kNow - 90'000) before.add(1500, 1, kNow - 90'000 - queued_at);
  }
  estimates.waiting(before, kNow - 90'000);
  random.seed(7);
  for (int i = 0; i < 90; ++i) {
    const auto queued_at = kNow - 400'000 + i * 4'000;
    const auto ends = queued_at + static_cast<BucketMs>(distribution(random));
    if (ends <= kNow) estimates.matched(1500, 1, ends - queued_at, ends);
  }
  random.seed(7);
  for (int i = 0; i < 90; ++i) {
    const auto queued_at = kNow - 400'000 + i * 4'000;
    if (queued_at + static_cast<BucketMs>(distribution(random)) > kNow) now.add(1500, 1, kNow - queued_at);
  }
  estimates.waiting(now, kNow);
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow).p50_ms, 83'000, 25'000);
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow, 60'000).p50_ms, 83'000, 40'000);
}

TEST(WaitEstimating, ListsTheKindsOfTicketsItHasSeen) {
  WaitEstimates estimates = idle_estimates();
  EXPECT_TRUE(estimates.kinds(kNow).empty());
  estimates.matched(1450, 1, 1'000, kNow);
  estimates.matched(1550, 1, 1'000, kNow);
  estimates.departed(2400, 3, 1'000, kNow - 3'600'000);
  WaitingSample sample;
  sample.add(1700, 2, 3'000);
  sample.add(9'000, 1, 3'000);
  sample.add(-50, 1, 3'000);
  estimates.waiting(sample, kNow);
  using Kind = WaitEstimates::Kind;
  EXPECT_EQ(estimates.kinds(kNow), (std::vector<Kind>{{100, 1}, {1500, 1}, {1700, 2}, {3500, 1}}));
}

}  // namespace
}  // namespace mm::matchmaker
