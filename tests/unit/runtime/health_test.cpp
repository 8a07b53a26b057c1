// Tests of readiness, which depends on conditions and probes.
#include "common/runtime/health.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "common/testing/wait.h"

namespace mm::runtime {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Health, IsReadyWhenAllConditionsHold) {
  Health health;
  EXPECT_TRUE(health.ready());
  health.set("nats", false);
  health.set("started", false);
  EXPECT_FALSE(health.ready());
  EXPECT_THAT(health.failing(), ElementsAre("nats", "started"));
  health.set("nats", true);
  EXPECT_THAT(health.failing(), ElementsAre("started"));
  health.set("started", true);
  EXPECT_TRUE(health.ready());
}

TEST(Health, SaysWhyAConditionDoesNotHold) {
  Health health;
  std::string flaw = "it is starting up";
  health.set("nats", false, "there is no connection");
  health.probe("postgres", [&] { return flaw; });
  const auto failures = health.failures();
  ASSERT_EQ(failures.size(), 2u);
  EXPECT_EQ(failures[0].name, "nats");
  EXPECT_EQ(failures[0].reason, "there is no connection");
  EXPECT_EQ(failures[1].name, "postgres");
  EXPECT_EQ(failures[1].reason, "it is starting up");
  flaw.clear();
  health.set("nats", true);
  EXPECT_TRUE(testing::eventually([&] { return health.ready(); }));
}

TEST(Health, AsksAProbeAtMostOnceASecond) {
  Health health;
  std::atomic<int> asked{0};
  health.probe("redis_queue", [&] { return ++asked > 1; });
  EXPECT_THAT(health.failing(), ElementsAre("redis_queue"));
  for (int i = 0; i < 100; ++i) EXPECT_LE((health.ready(), asked.load()), 2);
  EXPECT_TRUE(testing::eventually([&] { return health.ready(); }));
  EXPECT_EQ(asked, 2);
}

TEST(Health, DoesNotAskWhilePaused) {
  Health health;
  std::atomic<int> asked{0};
  health.pause_probes();
  health.probe("postgres", [&] {
    ++asked;
    return false;
  });
  EXPECT_TRUE(health.ready());
  EXPECT_EQ(asked, 0);
  health.resume_probes();
  EXPECT_FALSE(health.ready());
  EXPECT_EQ(asked, 1);
}

TEST(Health, PausingWaitsForARunningProbe) {
  Health health;
  std::atomic<bool> inside{false};
  std::atomic<bool> leave{false};
  std::atomic<bool> gone{false};
  health.probe("postgres", [&] {
    inside = true;
    while (!leave) std::this_thread::yield();
    gone = true;
    return true;
  });
  std::thread looking([&] { (void)health.ready(); });
  ASSERT_TRUE(testing::eventually([&] { return inside.load(); }));
  std::thread pausing([&] {
    health.pause_probes();
    EXPECT_TRUE(gone);
  });
  leave = true;
  pausing.join();
  looking.join();
}

}  // namespace
}  // namespace mm::runtime
