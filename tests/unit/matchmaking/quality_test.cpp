// Tests of the formulas of win probability, quality and waiting bonus: worked examples and general properties.
#include "services/matchmaker/matching/rules/quality.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>

namespace mm::matching {
namespace {

double as_advantage(double duel_points) { return duel_points / (std::numbers::sqrt2 * kBeta); }

TEST(WinProbability, WorkedExamples) {
  EXPECT_NEAR(win_probability(advantage({1600, 0}, {1500, 0}, 1)), 0.6382, 5e-5);
  EXPECT_NEAR(win_probability(advantage({1600, 350.0 * 350}, {1500, 350.0 * 350}, 1)), 0.5696, 5e-5);
  EXPECT_NEAR(win_probability(advantage({5 * 1510.0, 0}, {5 * 1500.0, 0}, 5)), 0.5315, 5e-5);
  EXPECT_NEAR(win_probability(advantage({1700, 0}, {1500, 0}, 1)), 0.76, 5e-3);
  EXPECT_DOUBLE_EQ(win_probability(0), 0.5);
}

RC_GTEST_PROP(WinProbability, OfBothSidesSumsToOne, ()) {
  const double edge = *rc::gen::inRange(-4000, 4000) / 1000.0;
  RC_ASSERT(std::fabs(win_probability(edge) + win_probability(-edge) - 1) < 1e-12);
}

TEST(Quality, WorkedExamples) {
  EXPECT_DOUBLE_EQ(quality(0, 0), 1);
  EXPECT_NEAR(quality(100, as_advantage(100)), 0.9, 1e-12);
  const double edge = advantage({5 * 1508.2, 0}, {5 * 1506.9, 0}, 5);
  EXPECT_NEAR(edge, 0.010277, 1e-6);
  EXPECT_NEAR(quality(84, edge), 0.9565, 5e-5);
  EXPECT_NEAR(quality(800, as_advantage(800)), 0.3125, 1e-12);
}

RC_GTEST_PROP(Quality, IsInRangeAndOneOnlyForEvenTeamsWithoutSpread, ()) {
  const double spread = *rc::gen::inRange(0, 2'000'000) / 100.0;
  const double edge = *rc::gen::inRange(-70'000, 70'000) / 1000.0;
  const double value = quality(spread, edge);
  RC_ASSERT(value > 0 && value <= 1);
  RC_ASSERT((value == 1) == (spread == 0 && edge == 0));
  RC_ASSERT(value == quality(spread, -edge));
}

RC_GTEST_PROP(Quality, DecreasesStrictlyWithTheSpreadAndTheAdvantage, ()) {
  const double spread = *rc::gen::inRange(0, 2'000'000) / 100.0;
  const double edge = *rc::gen::inRange(0, 70'000) / 1000.0;
  const double more = *rc::gen::inRange(1, 100'000) / 100.0;
  RC_ASSERT(quality(spread + more, edge) < quality(spread, edge));
  RC_ASSERT(quality(spread, edge + as_advantage(more)) < quality(spread, edge));
}

TEST(Quality, IsContinuousWhereTheLinearPartMeetsTheTail) {
  EXPECT_NEAR(quality(1000, 0), quality(1000.0001, 0), 1e-6);
  const double before = quality(998, 0) - quality(999, 0);
  const double after = quality(1001, 0) - quality(1002, 0);
  EXPECT_NEAR(before, after, 1e-5);
}

TEST(WaitingBonus, GrowsTowardsItsLimit) {
  EXPECT_DOUBLE_EQ(waiting_bonus(0, 40), 0);
  EXPECT_DOUBLE_EQ(waiting_bonus(-100, 40), 0);
  EXPECT_DOUBLE_EQ(waiting_bonus(40'000, 40), kWaitWeight / 2);
  EXPECT_LT(waiting_bonus(600'000, 40), kWaitWeight);
  EXPECT_LT(waiting_bonus(599'999, 40), waiting_bonus(600'000, 40));
}

}  // namespace
}  // namespace mm::matching
