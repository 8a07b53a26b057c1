// Tests the password pool: which jobs it refuses, and that it runs every job that it accepts.
#include "services/profile/password_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>

#include "common/testing/wait.h"

namespace mm::profile {
namespace {

class Pool : public ::testing::Test {
 protected:
  static Deadline later() { return Deadline::after(Milliseconds{60'000}); }
  PasswordPool::Options options(int threads, int max_wait_ms, double first_estimate) {
    return {threads, Milliseconds{max_wait_ms}, std::chrono::duration<double>(first_estimate)};
  }
  metrics::Registry registry_;
  Metrics metrics_{registry_};
};

TEST_F(Pool, RunsEveryAcceptedJobBeforeItStops) {
  std::atomic<int> done = 0;
  {
    PasswordPool pool(options(2, 60'000, 0.001), metrics_);
    for (int i = 0; i < 200; ++i) {
      EXPECT_FALSE(pool.submit(later(), [&] { return ++done > 0; }));
    }
  }
  EXPECT_EQ(done, 200);
}

TEST_F(Pool, RefusesJobsThatWouldWaitTooLongWithATimeToRetry) {
  std::latch release(1);
  std::atomic<int> started = 0;
  PasswordPool pool(options(2, 2'000, 0.5), metrics_);
  const auto job = [&] {
    ++started;
    release.wait();
    return true;
  };
  // Two run at once. Each two further jobs add 0.5 s of wait, so after 8 more the next one would wait 2.25 s.
  int taken = 0;
  std::optional<int> refused;
  while (!refused && taken < 100) {
    refused = pool.submit(later(), job);
    if (!refused) ++taken;
  }
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(refused, 3);
  EXPECT_NE(registry_.expose().find("mm_profile_password_jobs_refused_total 1"), std::string::npos);
  EXPECT_TRUE(testing::eventually([&] { return started == 2; })) << "one job per thread runs at a time";
  release.count_down();
}

TEST_F(Pool, RefusesJobsThatWouldMissTheirDeadline) {
  std::latch release(1);
  PasswordPool pool(options(1, 60'000, 1.0), metrics_);
  const auto job = [&] {
    release.wait();
    return true;
  };
  EXPECT_FALSE(pool.submit(later(), job));
  EXPECT_FALSE(pool.submit(Deadline::after(Milliseconds{10'000}), job));
  EXPECT_EQ(pool.submit(Deadline::after(Milliseconds{500}), job), 2);
  release.count_down();
}

TEST_F(Pool, AcceptsAJobWhenIdleHoweverLongJobsTake) {
  PasswordPool pool(options(1, 100, 3'600.0), metrics_);
  std::atomic<int> done = 0;
  EXPECT_FALSE(pool.submit(later(), [&] { return ++done > 0; }));
  EXPECT_TRUE(testing::eventually([&] { return done == 1; }));
}

TEST_F(Pool, AveragesTheDurationOfJobsThatDidTheirWork) {
  PasswordPool pool(options(1, 1'000, 0.9), metrics_);
  const auto run = [&](int times, bool worked) {
    std::atomic<int> done = 0;
    for (int i = 1; i <= times; ++i) {
      ASSERT_FALSE(pool.submit(later(), [&done, worked] { return ++done, worked; }));
      ASSERT_TRUE(testing::eventually([&] { return done == i; }));
    }
  };
  // How many jobs are accepted while one runs. Waits for all of them, so that none is left ahead of the next job.
  const auto accepted_jobs = [&] {
    std::latch started(1);
    std::latch release(1);
    std::atomic<int> ended = 0;
    const auto refused = pool.submit(later(), [&] {
      started.count_down();
      release.wait();
      return ++ended, false;
    });
    if (refused) return -1;
    started.wait();
    int accepted = 0;
    while (accepted < 50 && !pool.submit(later(), [&] { return ++ended, false; })) ++accepted;
    release.count_down();
    EXPECT_TRUE(testing::eventually([&] { return ended == accepted + 1; }));
    return accepted;
  };
  run(20, false);
  EXPECT_EQ(accepted_jobs(), 1) << "the mean is still 0.9 s";
  run(60, true);
  EXPECT_EQ(accepted_jobs(), 50);
}

}  // namespace
}  // namespace mm::profile
