// Tests of the decision to kill a nats-server that runs but stores nothing.
#include "services/nats_watch/hang.h"

#include <gtest/gtest.h>

namespace mm::nats_watch {
namespace {

constexpr Seen kHung{.works = false, .has_worked = true, .answers = true, .disk_works = true};

SteadyPoint at(int ms) { return SteadyPoint{} + Milliseconds{ms}; }

Seen but(void (*change)(Seen&)) {
  auto seen = kHung;
  change(seen);
  return seen;
}

TEST(HungServer, IsKilledAfterThePatience) {
  Hang hang{Milliseconds{2'000}};
  EXPECT_FALSE(hang.is_over(kHung, at(10'000)));
  EXPECT_FALSE(hang.is_over(kHung, at(11'999)));
  EXPECT_TRUE(hang.is_over(kHung, at(12'000)));
}

TEST(HungServer, IsNotOneThatWorksIsFrozenHasNoRoomOrHasNeverWorked) {
  const Seen others[] = {but([](Seen& seen) { seen.works = true; }), but([](Seen& seen) { seen.answers = false; }),
                         but([](Seen& seen) { seen.disk_works = false; }),
                         but([](Seen& seen) { seen.has_worked = false; })};
  for (const auto& seen : others) {
    Hang hang{Milliseconds{2'000}};
    EXPECT_EQ(why_spared(seen).empty(), seen.works);
    for (const int ms : {0, 2'000, 100'000}) EXPECT_FALSE(hang.is_over(seen, at(ms)));
    // The patience begins again with the first look that finds a hang.
    EXPECT_FALSE(hang.is_over(kHung, at(100'100)));
    EXPECT_FALSE(hang.is_over(seen, at(101'000)));
    EXPECT_FALSE(hang.is_over(kHung, at(101'100)));
    EXPECT_FALSE(hang.is_over(kHung, at(103'000)));
    EXPECT_TRUE(hang.is_over(kHung, at(103'100)));
  }
}

TEST(HungServer, IsKilledAtMostEightTimesInTenMinutes) {
  Milliseconds sum{0};
  for (std::size_t kills = 0; kills < 8; ++kills) sum += patience_after(kills);
  EXPECT_EQ(patience_after(0), Milliseconds{2'000});
  EXPECT_EQ(patience_after(1), Milliseconds{4'000});
  EXPECT_EQ(patience_after(1'000), Milliseconds{256'000});
  EXPECT_GT(sum + patience_after(8), kMemory) << "the ninth kill comes when the first one no longer counts";
}

}  // namespace
}  // namespace mm::nats_watch
