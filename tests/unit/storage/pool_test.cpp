// The connection pool against connections that need no server.
#include "common/storage/pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "common/testing/wait.h"

namespace mm::storage {
namespace {

struct Line {
  struct Attempt {
    std::function<Result<std::unique_ptr<Line>, std::string>(Deadline)> connect;
    Result<std::unique_ptr<Line>, std::string> finish(Deadline deadline) { return connect(deadline); }
  };
  bool quiet = true;
  bool is_quiet() const { return quiet; }
};
using Lines = Pool<Line>;

/// How a pool makes a connection: each attempt answers as `connect` does.
Lines::Start attempts(std::function<Lines::Made(Deadline)> connect) {
  return [connect = std::move(connect)] { return std::make_unique<Line::Attempt>(Line::Attempt{connect}); };
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

  Lines::Made make(Deadline) {
    ++made_;
    if (away_) return fail(std::string("away"));
    return std::make_unique<Line>();
  }

  static Deadline soon() { return Deadline::after(Milliseconds{20}); }
  static Deadline late() { return Deadline::after(Milliseconds{60'000}); }

  std::atomic<int> made_{0};
  std::atomic<bool> away_{false};
  Lines pool_;
};

TEST_F(PoolTest, LendsAConnectionAgain) {
  auto line = pool_.take(late());
  ASSERT_TRUE(line);
  pool_.give_back(std::move(*line));
  ASSERT_TRUE(pool_.take(late()));
  EXPECT_EQ(made_, 1);
}

TEST_F(PoolTest, LendsNoMoreThanItHas) {
  auto first = pool_.take(late());
  auto second = pool_.take(late());
  const auto third = pool_.take(soon());
  ASSERT_FALSE(third);
  EXPECT_EQ(third.error(), "all connections are in use");
}

TEST_F(PoolTest, HandsAReturnedConnectionToWhoWaits) {
  auto first = pool_.take(late());
  auto second = pool_.take(late());
  std::thread waiter([this] { EXPECT_TRUE(pool_.take(late())); });
  pool_.give_back(std::move(*first));
  waiter.join();
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, ReplacesABrokenConnection) {
  auto line = pool_.take(late());
  pool_.give_back(nullptr);
  ASSERT_TRUE(pool_.take(late()));
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, ThrowsAwayWhatTheServerClosedMeanwhile) {
  auto line = pool_.take(late());
  (*line)->quiet = false;
  pool_.give_back(std::move(*line));
  ASSERT_TRUE(pool_.take(late()));
  EXPECT_EQ(made_, 2);
}

TEST_F(PoolTest, FailsAtOnceBetweenAttempts) {
  away_ = true;
  EXPECT_EQ(pool_.take(late()).error(), "away");
  EXPECT_EQ(pool_.take(late()).error(), "not connected; the next attempt comes soon");
  EXPECT_EQ(made_, 1);
}

TEST(PoolOfAnOverloadedServer, RefusesBeforeTheDeadline) {
  PoolOptions options;
  options.connections = 1;
  options.lease_wait = Milliseconds{10};
  Lines pool(options, attempts([](Deadline) -> Lines::Made { return std::make_unique<Line>(); }));
  const auto only = pool.take(Deadline::after(Milliseconds{60'000}));
  const auto deadline = Deadline::after(Milliseconds{60'000});
  EXPECT_FALSE(pool.take(deadline));
  EXPECT_FALSE(deadline.passed());
}

TEST(PoolAfterAFailure, LetsOneAtATimeTry) {
  std::atomic<int> made{0};
  std::atomic<bool> hold{false};
  PoolOptions options;
  options.first_pause = Milliseconds{1};
  options.longest_pause = Milliseconds{1};
  options.connect_timeout = Milliseconds{60'000};
  Lines pool(options, attempts([&](Deadline) -> Lines::Made {
    ++made;
    while (hold) std::this_thread::yield();
    return fail(std::string("away"));
  }));
  EXPECT_FALSE(pool.take(Deadline::after(Milliseconds{1'000})));
  hold = true;
  std::thread prober([&] {
    EXPECT_TRUE(
        testing::eventually([&] { return pool.take(Deadline::after(Milliseconds{60'000})).error() == "away"; }));
  });
  ASSERT_TRUE(testing::eventually([&] { return made == 2; }));
  EXPECT_EQ(pool.take(Deadline::after(Milliseconds{60'000})).error(), "not connected; the next attempt comes soon");
  hold = false;
  prober.join();
}

TEST(PoolAfterAFailure, ComesBackWhenTheServerDoes) {
  std::atomic<bool> away{true};
  PoolOptions options;
  options.first_pause = Milliseconds{1};
  options.longest_pause = Milliseconds{4};
  Lines pool(options, attempts([&](Deadline) -> Lines::Made {
    if (away) return fail(std::string("away"));
    return std::make_unique<Line>();
  }));
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(pool.take(Deadline::after(Milliseconds{1'000})));
  away = false;
  EXPECT_TRUE(testing::eventually([&] { return pool.take(Deadline::after(Milliseconds{1'000})).ok(); }));
}

TEST(PoolOfASilentServer, WaitsAgainForTheAnswerToTheSameAttempt) {
  int started = 0;
  bool silent = true;
  Lines pool({}, [&]() -> Result<std::unique_ptr<Line::Attempt>, std::string> {
    ++started;
    return std::make_unique<Line::Attempt>(Line::Attempt{[&](Deadline) -> Lines::Made {
      return silent ? nullptr : std::make_unique<Line>();
    }});
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(pool.take(Deadline::after(Milliseconds{1'000})).error(), "no connection to the server in time");
  }
  silent = false;
  EXPECT_TRUE(pool.take(Deadline::after(Milliseconds{1'000})));
  EXPECT_EQ(started, 1);
}

}  // namespace
}  // namespace mm::storage
