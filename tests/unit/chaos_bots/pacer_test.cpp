// The rate of the bots' requests.
#include "tests/chaos/bots/pacer.h"

#include <gtest/gtest.h>

#include <vector>

namespace mm::chaos {
namespace {

const SteadyPoint kStart{Seconds{1'000}};

TEST(Pacer, NeverBeginsMoreThanItsRate) {
  Pacer pacer(50, kStart);
  int begun = 0;
  for (int ms = 0; ms <= 10'000; ms += 20) {
    pacer.run(kStart + Milliseconds{ms}, [&] { return ++begun, true; });
    ASSERT_LE(begun, 50.0 * ms / 1000 + 5);
  }
  EXPECT_GE(begun, 499);
}

TEST(Pacer, BeginsWhatWaitsFirstAndInOrder) {
  Pacer pacer(1'000, kStart);
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) pacer.submit([&order, i] { order.push_back(i); });
  pacer.run(kStart + Milliseconds{4}, [&] { return order.push_back(99), true; });
  EXPECT_EQ(order, (std::vector{0, 1, 2, 99}));
}

TEST(Pacer, WaitingActionsAndIdleOnesShareTheRate) {
  Pacer pacer(100, kStart);
  int waiting = 0, idle = 0;
  for (int i = 0; i < 5; ++i) pacer.submit([&] { ++waiting; });
  pacer.run(kStart + Milliseconds{60}, [&] { return ++idle, true; });
  EXPECT_EQ(waiting, 5);
  EXPECT_EQ(idle, 1);
  EXPECT_EQ(pacer.waiting(), 0u);
}

TEST(Pacer, DoesNotCatchUpAfterAPause) {
  Pacer pacer(100, kStart);
  int begun = 0;
  pacer.run(kStart + Seconds{60}, [&] { return ++begun, true; });
  EXPECT_EQ(begun, 10) << "a tenth of a second's worth";
}

TEST(Pacer, AnActionMaySubmitAnotherOne) {
  Pacer pacer(100, kStart);
  int begun = 0;
  pacer.submit([&] { pacer.submit([&] { ++begun; }); });
  pacer.run(kStart + Milliseconds{20}, [] { return false; });
  EXPECT_EQ(begun, 1);
}

TEST(Pacer, ASlowRateBeginsASingleAction) {
  Pacer pacer(0.5, kStart);
  int begun = 0;
  pacer.run(kStart + Milliseconds{1'900}, [&] { return ++begun, true; });
  EXPECT_EQ(begun, 0);
  pacer.run(kStart + Milliseconds{2'100}, [&] { return ++begun, true; });
  EXPECT_EQ(begun, 1);
}

}  // namespace
}  // namespace mm::chaos
