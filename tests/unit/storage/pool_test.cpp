// Tests of the connection pool with fake connections, which need no server.
#include "common/storage/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "common/testing/wait.h"

namespace mm::storage {
namespace {

struct FakeConnection {
  struct Attempt {
    std::function<Result<std::unique_ptr<FakeConnection>, std::string>(Deadline)> connect;
    Result<std::unique_ptr<FakeConnection>, std::string> finish(Deadline deadline) { return connect(deadline); }
  };
  bool quiet = true;
  bool is_quiet() const { return quiet; }
};
using TestPool = Pool<FakeConnection>;

/// Makes connection attempts whose result is that of `connect`.
TestPool::Start attempts(std::function<TestPool::ConnectionResult(Deadline)> connect) {
  return [connect = std::move(connect)] {
    return std::make_unique<FakeConnection::Attempt>(FakeConnection::Attempt{connect});
  };
}

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() : pool_(options(), attempts([this](Deadline deadline) { return make(deadline); })) {}

  static PoolOptions options() {
    PoolOptions options;
    options.connections = 2;
    options.connect_timeout = Milliseconds{60'000};
    options.first_pause = Milliseconds{60'000};
    options.longest_pause = Milliseconds{60'000};
    return options;
  }

  TestPool::ConnectionResult make(Deadline) {
    ++made_;
    if (away_) return fail(std::string("away"));
    return std::make_unique<FakeConnection>();
  }

  static Deadline soon() { return Deadline::after(Milliseconds{20}); }
  static Deadline late() { return Deadline::after(Milliseconds{60'000}); }

  std::atomic<int> made_{0};
  std::atomic<bool> away_{false};
  TestPool pool_;
};

TEST_F(PoolTest, ReusesAReturnedConnection) {
  auto connection = pool_.acquire(late());
  ASSERT_TRUE(connection);
  pool_.release(std::move(*connection));
  ASSERT_TRUE(pool_.acquire(late()));
  EXPECT_EQ(made_, 1);
}

TEST_F(PoolTest, NeverLendsMoreConnectionsThanAllowed) {
  auto first = pool_.acquire(late());
  auto second = pool_.acquire(late());
  const auto third = pool_.acquire(soon());
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), "all connections are in use");
}

TEST_F(PoolTest, HandsAReturnedConnectionToAWaitingThread) {
  auto first = pool_.acquire(late());
  auto second = pool_.acquire(late());
  std::thread waiter([this] { EXPECT_TRUE(pool_.acquire(late())); });
  pool_.release(std::move(*first));
  waiter.join();
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, ReplacesABrokenConnection) {
  auto connection = pool_.acquire(late());
  pool_.release(nullptr);
  ASSERT_TRUE(pool_.acquire(late()));
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, DiscardsAConnectionThatTheServerClosed) {
  auto connection = pool_.acquire(late());
  (*connection)->quiet = false;
  pool_.release(std::move(*connection));
  ASSERT_TRUE(pool_.acquire(late()));
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, FailsAtOnceBetweenAttempts) {
  away_ = true;
  EXPECT_EQ(pool_.acquire(late()).error(), "away");
  EXPECT_EQ(pool_.acquire(late()).error(), "not connected; the next attempt comes soon; the last one failed: away");
  EXPECT_EQ(made_, 1);
}

TEST(PoolOfAnOverloadedServer, RefusesBeforeTheDeadline) {
  PoolOptions options;
  options.connections = 1;
  options.lease_wait = Milliseconds{10};
  TestPool pool(options,
                attempts([](Deadline) -> TestPool::ConnectionResult { return std::make_unique<FakeConnection>(); }));
  const auto only = pool.acquire(Deadline::after(Milliseconds{60'000}));
  const auto deadline = Deadline::after(Milliseconds{60'000});
  EXPECT_FALSE(pool.acquire(deadline));
  EXPECT_FALSE(deadline.passed());
}

TEST(PoolAfterAFailure, AllowsOneConnectionAttemptAtATime) {
  std::atomic<int> made{0};
  std::atomic<bool> hold{false};
  PoolOptions options;
  options.first_pause = Milliseconds{1};
  options.longest_pause = Milliseconds{1};
  options.connect_timeout = Milliseconds{60'000};
  TestPool pool(options, attempts([&](Deadline) -> TestPool::ConnectionResult {
                  ++made;
                  while (hold) std::this_thread::yield();
                  return fail(std::string("away"));
                }));
  EXPECT_FALSE(pool.acquire(Deadline::after(Milliseconds{1'000})));
  hold = true;
  std::thread prober([&] {
    EXPECT_TRUE(
        testing::eventually([&] { return pool.acquire(Deadline::after(Milliseconds{60'000})).error() == "away"; }));
  });
  ASSERT_TRUE(testing::eventually([&] { return made == 2; }));
  EXPECT_TRUE(pool.acquire(Deadline::after(Milliseconds{60'000})).error().starts_with("not connected"));
  hold = false;
  prober.join();
}

TEST(PoolAfterAFailure, RecoversWhenTheServerDoes) {
  std::atomic<bool> away{true};
  PoolOptions options;
  options.first_pause = Milliseconds{1};
  options.longest_pause = Milliseconds{4};
  TestPool pool(options, attempts([&](Deadline) -> TestPool::ConnectionResult {
                  if (away) return fail(std::string("away"));
                  return std::make_unique<FakeConnection>();
                }));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(pool.acquire(Deadline::after(Milliseconds{1'000})));
  away = false;
  EXPECT_TRUE(testing::eventually([&] { return pool.acquire(Deadline::after(Milliseconds{1'000})).ok(); }));
}

TEST(PoolOfASilentServer, ContinuesTheSameConnectionAttempt) {
  int started = 0;
  bool silent = true;
  TestPool pool({}, [&]() -> Result<std::unique_ptr<FakeConnection::Attempt>, std::string> {
    ++started;
    return std::make_unique<FakeConnection::Attempt>(FakeConnection::Attempt{
        [&](Deadline) -> TestPool::ConnectionResult { return silent ? nullptr : std::make_unique<FakeConnection>(); }});
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(pool.acquire(Deadline::after(Milliseconds{1'000})).error(), "no connection to the server in time");
  }
  silent = false;
  EXPECT_TRUE(pool.acquire(Deadline::after(Milliseconds{1'000})));
  EXPECT_EQ(started, 1);
}

}  // namespace
}  // namespace mm::storage
