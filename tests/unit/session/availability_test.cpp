// Tests when a match may be judged overdue.
#include "services/session/core/availability.h"

#include <gtest/gtest.h>

namespace mm::session {
namespace {

constexpr Milliseconds kLimit{15'000};
constexpr Milliseconds kMaxGap{3'000};

SteadyPoint at(int milliseconds) { return SteadyPoint(Milliseconds(milliseconds)); }

TEST(Availability, LetsJudgeOnlyAfterTheLimit) {
  Availability availability(kLimit, kMaxGap);
  EXPECT_FALSE(availability.may_judge());
  for (int t = 0; t < 15'000; t += 500) {
    availability.observe(at(t), true);
    EXPECT_FALSE(availability.may_judge()) << t;
  }
  availability.observe(at(15'000), true);
  EXPECT_TRUE(availability.may_judge());
}

TEST(Availability, StartsAgainAfterAnOutage) {
  Availability availability(kLimit, kMaxGap);
  for (int t = 0; t <= 20'000; t += 500) availability.observe(at(t), true);
  ASSERT_TRUE(availability.may_judge());
  availability.observe(at(20'500), false);
  EXPECT_FALSE(availability.may_judge());
  availability.observe(at(21'000), true);
  EXPECT_FALSE(availability.may_judge());
  for (int t = 21'500; t <= 36'000; t += 500) availability.observe(at(t), true);
  EXPECT_TRUE(availability.may_judge());
}

TEST(Availability, StartsAgainAfterTheProcessSlept) {
  Availability availability(kLimit, kMaxGap);
  for (int t = 0; t <= 20'000; t += 500) availability.observe(at(t), true);
  availability.observe(at(50'000), true);
  EXPECT_FALSE(availability.may_judge());
}

}  // namespace
}  // namespace mm::session
