// What a ticket is told about its wait. That it holds in a crowd: tests/unit/simulator/coverage_test.cpp.
#include "services/matchmaker/waits/estimates.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/unit/matchmaking/instance.h"

namespace mm::matchmaker {
namespace {

using matching::testing::kNow;
using matching::testing::rules_for;

/// That have watched an empty queue for ten minutes.
WaitEstimates watching() {
  WaitEstimates estimates(rules_for());
  estimates.waiting({}, kNow - 600'000);
  return estimates;
}

TEST(WaitEstimating, WithoutDataSaysWhatTheRulesLetExpect) {
  const WaitEstimates estimates(rules_for());
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p90_ms, 40'000);
  EXPECT_DOUBLE_EQ(estimates.overall(kNow).p50_ms, 0);
}

TEST(WaitEstimating, IsNeverLongerThanTheLongestWait) {
  ModeRules rules = rules_for();
  rules.max_wait_seconds = 10;
  const WaitEstimates estimates(rules);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p90_ms, 10'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow, 7'000).p90_ms, 3'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow, 12'000).p90_ms, 0);
}

TEST(WaitEstimating, ListensToTicketsNearTheRatingAndOfTheSize) {
  WaitEstimates estimates = watching();
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

TEST(WaitEstimating, ForgetsWhatIsLongAgoOrManyMatchesAgo) {
  WaitEstimates estimates = watching();
  for (int i = 0; i < 100; ++i) estimates.matched(1500, 1, 5'000, kNow - 3'600'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  for (int i = 0; i < 5'000; ++i) estimates.matched(1500, 1, i < 2'500 ? 90'000 : 2'000, kNow + i);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow + 5'000).p90_ms, 2'000);
}

TEST(WaitEstimating, TakesAFewSamplesWithCaution) {
  WaitEstimates estimates = watching();
  estimates.matched(1500, 1, 100, kNow);
  EXPECT_GE(estimates.estimate(1500, 1, kNow).p50_ms, 20'000);
  EXPECT_GE(estimates.estimate(1500, 1, kNow).p90_ms, 40'000);
}

// The worked example of estimates.h, six times so that nothing of what the rules let expect is mixed in.
TEST(WaitEstimating, CountsThoseWhoStillWait) {
  WaitEstimates of_the_lucky = watching(), estimates = watching();
  WaitingSample sample;
  for (int i = 0; i < 6; ++i) {
    for (const BucketMs waited : {2'000, 4'000, 6'000}) {
      of_the_lucky.matched(1500, 1, waited, kNow);
      estimates.matched(1500, 1, waited, kNow);
    }
    for (int waiting = 0; waiting < 3; ++waiting) sample.add(1500, 1, 5'000);
  }
  estimates.waiting(sample, kNow);
  EXPECT_DOUBLE_EQ(of_the_lucky.estimate(1500, 1, kNow).p50_ms, 4'000);
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 6'000);
}

TEST(WaitEstimating, CountsThoseWhoGaveUp) {
  WaitEstimates estimates = watching();
  for (int i = 0; i < 30; ++i) {
    estimates.matched(1500, 1, 1'000, kNow);
    estimates.left(1500, 1, 30'000, kNow);
    estimates.matched(1500, 1, 50'000, kNow);
  }
  EXPECT_DOUBLE_EQ(estimates.estimate(1500, 1, kNow).p50_ms, 50'000);
}

// A ticket that was taken down as waiting and is matched a moment later is one ticket, not two.
TEST(WaitEstimating, CountsNobodyTwice) {
  WaitEstimates estimates = watching();
  for (int i = 0; i < 20; ++i) estimates.matched(1500, 1, 1'000, kNow - 10'000);
  WaitingSample sample;
  for (int i = 0; i < 30; ++i) sample.add(1500, 1, 5'000);
  estimates.waiting(sample, kNow);
  for (int i = 0; i < 30; ++i) estimates.matched(1500, 1, 6'000, kNow + 1'000);
  // 50 tickets, 20 matched at 1 s, 30 at 6 s: two fifths and three fifths.
  const WaitCurve curve = estimates.curve(1500, 1, kNow + 1'000);
  EXPECT_DOUBLE_EQ(curve.remaining(0).p50_ms, 6'000);
  EXPECT_NEAR(curve.remaining(2'000).p50_ms, 4'000, 200);
}

TEST(WaitEstimating, SaysHowMuchLongerAndLongerForThoseWhoHaveWaitedLong) {
  WaitEstimates estimates = watching();
  for (int i = 1; i <= 95; ++i) estimates.matched(1500, 1, i * 100, kNow);
  const WaitCurve curve = estimates.curve(1500, 1, kNow);
  EXPECT_NEAR(curve.remaining(0).p50_ms, 4'800, 150);
  EXPECT_NEAR(curve.remaining(4'800).p50_ms, 2'400, 150);
  EXPECT_NEAR(curve.remaining(4'800).p90_ms, 4'350, 150);
  // Nobody of whom we know waited so long: what is left is in proportion to what has passed.
  EXPECT_NEAR(curve.remaining(20'000).p50_ms, 8'500, 1'500);
  EXPECT_GT(curve.remaining(60'000).p50_ms, curve.remaining(20'000).p50_ms);
}

// Waits drawn from a law that is known, cut by a snapshot at any moment: the estimate is the law's.
TEST(WaitEstimating, IsUnbiasedWhereTheWaitsAreLongerThanTheTimeLookedAt) {
  std::mt19937_64 random(7);
  std::exponential_distribution<double> law(1 / 120'000.0);
  WaitEstimates estimates(rules_for());
  WaitingSample before, now;
  for (int i = 0; i < 90; ++i) {
    const auto birth = kNow - 400'000 + i * 4'000;
    const auto ends = birth + static_cast<BucketMs>(law(random));
    if (ends > kNow - 90'000 && birth < kNow - 90'000) before.add(1500, 1, kNow - 90'000 - birth);
  }
  estimates.waiting(before, kNow - 90'000);
  random.seed(7);
  for (int i = 0; i < 90; ++i) {
    const auto birth = kNow - 400'000 + i * 4'000;
    const auto ends = birth + static_cast<BucketMs>(law(random));
    if (ends <= kNow) estimates.matched(1500, 1, ends - birth, ends);
  }
  random.seed(7);
  for (int i = 0; i < 90; ++i) {
    const auto birth = kNow - 400'000 + i * 4'000;
    if (birth + static_cast<BucketMs>(law(random)) > kNow) now.add(1500, 1, kNow - birth);
  }
  estimates.waiting(now, kNow);
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow).p50_ms, 83'000, 25'000);
  EXPECT_NEAR(estimates.estimate(1500, 1, kNow, 60'000).p50_ms, 83'000, 40'000);
}

TEST(WaitEstimating, KnowsOfWhichTicketsItHasSeenAny) {
  WaitEstimates estimates = watching();
  EXPECT_TRUE(estimates.kinds(kNow).empty());
  estimates.matched(1450, 1, 1'000, kNow);
  estimates.matched(1550, 1, 1'000, kNow);
  estimates.left(2400, 3, 1'000, kNow - 3'600'000);
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
