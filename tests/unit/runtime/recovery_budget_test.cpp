// Tests of the limit of messages that are sent only because something may have been lost.
#include "common/runtime/recovery_budget.h"

#include <gtest/gtest.h>

#include "common/testing/wait.h"

namespace mm::runtime {
namespace {

class Budget : public ::testing::Test {
 protected:
  bool exposes(const std::string& line) const { return registry_.expose().find(line + "\n") != std::string::npos; }

  testing::ManualClock clock_{TimePoint{}};
  metrics::Registry registry_;
  RecoveryBudget budget_{registry_, clock_};
};

TEST_F(Budget, IsRefilledAtItsRateUpToItsLimit) {
  EXPECT_EQ(budget_.room(), 200u);
  budget_.spend(Recovery::event_resent, 150);
  budget_.spend(Recovery::match_reconciled, 50);
  EXPECT_EQ(budget_.room(), 0u);
  clock_.advance(Milliseconds{100});
  EXPECT_EQ(budget_.room(), 40u);
  clock_.advance(Milliseconds{60'000});
  EXPECT_EQ(budget_.room(), 200u);
}

TEST_F(Budget, BoundsTheSumOfAllKinds) {
  std::size_t sent = 0;
  for (int i = 0; i < 100; ++i) {  // ten seconds in which two kinds take all that they get
    for (const auto kind : {Recovery::event_resent, Recovery::match_reconciled}) {
      const auto room = budget_.room();
      budget_.spend(kind, room);
      sent += room;
    }
    clock_.advance(Milliseconds{100});
  }
  EXPECT_LE(sent, static_cast<std::size_t>(RecoveryBudget::kMost + 10 * RecoveryBudget::kPerSecond));
}

TEST_F(Budget, WhatTwoThreadsSpentTooMuchIsPaidBack) {
  budget_.spend(Recovery::event_resent, 300);
  EXPECT_EQ(budget_.room(), 0u);
  clock_.advance(Milliseconds{250});
  EXPECT_EQ(budget_.room(), 0u);
  clock_.advance(Milliseconds{250});
  EXPECT_EQ(budget_.room(), 100u);
}

TEST_F(Budget, IsVisibleInTheMetrics) {
  budget_.spend(Recovery::event_resent, 30);
  budget_.spend(Recovery::match_reconciled, 7);
  budget_.count_lost();
  EXPECT_TRUE(exposes("mm_recovery_messages_total{kind=\"event_resent\"} 30"));
  EXPECT_TRUE(exposes("mm_recovery_messages_total{kind=\"match_reconciled\"} 7"));
  EXPECT_TRUE(exposes("mm_recovery_budget 163"));
  EXPECT_TRUE(exposes("mm_recovery_lost_events_total 1"));
}

}  // namespace
}  // namespace mm::runtime
