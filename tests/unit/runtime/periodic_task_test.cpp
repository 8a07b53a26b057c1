#include "common/runtime/periodic_task.h"

#include <gtest/gtest.h>

#include <atomic>

#include "common/testing/wait.h"

namespace mm::runtime {
namespace {

using testing::eventually;

constexpr Milliseconds kNever{3'600'000};

TEST(PeriodicTask, WorksAtOnceAndAfterEachInterval) {
  std::atomic<int> calls = 0;
  const PeriodicTask task(Milliseconds{1}, [&] { ++calls; });
  EXPECT_TRUE(eventually([&] { return calls >= 3; }));
}

TEST(PeriodicTask, WorksEarlierWhenWoken) {
  std::atomic<int> calls = 0;
  PeriodicTask task(kNever, [&] { ++calls; });
  ASSERT_TRUE(eventually([&] { return calls == 1; }));
  task.wake();
  EXPECT_TRUE(eventually([&] { return calls == 2; }));
}

TEST(PeriodicTask, WorksAgainWhenWokenDuringACall) {
  std::atomic<int> calls = 0;
  std::atomic<bool> may_return = false;
  PeriodicTask task(kNever, [&] {
    ++calls;
    EXPECT_TRUE(eventually([&] { return may_return.load(); }));
  });
  ASSERT_TRUE(eventually([&] { return calls == 1; }));
  task.wake();
  may_return = true;
  EXPECT_TRUE(eventually([&] { return calls == 2; }));
}

TEST(PeriodicTask, TheWorkMayChooseEachInterval) {
  std::atomic<int> calls = 0;
  const PeriodicTask task([&] { return ++calls < 3 ? Milliseconds{0} : kNever; });
  EXPECT_TRUE(eventually([&] { return calls == 3; }));
}

TEST(PeriodicTask, StopWaitsForTheCallInProgressAndAllowsNoOther) {
  std::atomic<int> calls = 0;
  std::atomic<bool> returned = false;
  std::atomic<const PeriodicTask*> self = nullptr;
  PeriodicTask task(kNever, [&] {
    ++calls;
    EXPECT_TRUE(eventually([&] { return self.load() != nullptr && self.load()->stopping(); }));
    returned = true;
  });
  self = &task;
  ASSERT_TRUE(eventually([&] { return calls == 1; }));
  task.stop();
  EXPECT_TRUE(returned);
  task.wake();
  task.stop();
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace mm::runtime
