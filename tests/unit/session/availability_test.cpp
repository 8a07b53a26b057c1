// When silence may be held against a game server.
#include "services/session/core/availability.h"

#include <gtest/gtest.h>

namespace mm::session {
namespace {

constexpr Milliseconds kLimit{15'000};
constexpr Milliseconds kGap{3'000};

SteadyPoint at(int milliseconds) { return SteadyPoint(Milliseconds(milliseconds)); }

TEST(Availability, JudgesOnlyAfterItHasListenedForTheLimit) {
  Availability watch(kLimit, kGap);
  EXPECT_FALSE(watch.may_judge());
  for (int t = 0; t < 15'000; t += 500) {
    watch.look(at(t), true);
    EXPECT_FALSE(watch.may_judge()) << t;
  }
  watch.look(at(15'000), true);
  EXPECT_TRUE(watch.may_judge());
}

TEST(Availability, StartsAnewAfterItWasDeaf) {
  Availability watch(kLimit, kGap);
  for (int t = 0; t <= 20'000; t += 500) watch.look(at(t), true);
  ASSERT_TRUE(watch.may_judge());
  watch.look(at(20'500), false);
  EXPECT_FALSE(watch.may_judge());
  watch.look(at(21'000), true);
  EXPECT_FALSE(watch.may_judge());
  for (int t = 21'500; t <= 36'000; t += 500) watch.look(at(t), true);
  EXPECT_TRUE(watch.may_judge());
}

TEST(Availability, StartsAnewAfterItSlept) {
  Availability watch(kLimit, kGap);
  for (int t = 0; t <= 20'000; t += 500) watch.look(at(t), true);
  watch.look(at(50'000), true);
  EXPECT_FALSE(watch.may_judge());
}

}  // namespace
}  // namespace mm::session
