// Tests of Deadline, and of the test helpers ManualClock and eventually().
#include "common/base/clock.h"

#include <gtest/gtest.h>

#include "common/testing/wait.h"

namespace mm {
namespace {

TEST(Deadline, HasNothingLeftOnceItHasPassed) {
  const auto past = Deadline::at(std::chrono::steady_clock::now() - Seconds{1});
  EXPECT_TRUE(past.passed());
  EXPECT_EQ(past.remaining(), Milliseconds{0});
}

TEST(Deadline, RoundsTheRemainingTimeUp) {
  const auto deadline = Deadline::after(Milliseconds{60'000});
  EXPECT_FALSE(deadline.passed());
  EXPECT_GT(deadline.remaining(), Milliseconds{0});
  EXPECT_LE(deadline.remaining(), Milliseconds{60'000});
}

TEST(Deadline, OfAStepIsCappedAtTheWholeDeadline) {
  const auto whole = Deadline::after(Milliseconds{1'000});
  EXPECT_EQ(whole.within(Milliseconds{60'000}).when(), whole.when());
  EXPECT_LT(whole.within(Milliseconds{10}).when(), whole.when());
}

TEST(ManualClock, MovesOnlyWhenAdvanced) {
  testing::ManualClock clock;
  const auto start = clock.now();
  EXPECT_EQ(clock.now(), start);
  clock.advance(Seconds{5});
  EXPECT_EQ(clock.now() - start, Seconds{5});
}

TEST(Eventually, ReturnsWhetherTheConditionBecameTrue) {
  int looks = 0;
  EXPECT_TRUE(testing::eventually([&] { return ++looks == 3; }));
  EXPECT_FALSE(testing::eventually([] { return false; }, Milliseconds{10}));
}

}  // namespace
}  // namespace mm
