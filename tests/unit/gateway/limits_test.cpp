// Tests of token buckets, local limits, the order of frames, connection caps, the directory of sockets and denials.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/gateway/core/frame_order.h"
#include "services/gateway/core/token_bucket.h"
#include "services/gateway/logins/denials.h"
#include "services/gateway/net/connections.h"
#include "services/gateway/process/directory.h"
#include "services/gateway/store/local_limits.h"

namespace mm::gateway {
namespace {

const SteadyPoint kStart{std::chrono::hours{1}};
constexpr Quota kQuota{30, Seconds{60}};

TEST(Buckets, HoldTheQuotaOfAMinuteAndRefillEvenly) {
  TokenBucket bucket(kQuota, kStart);
  for (int i = 29; i >= 0; --i) EXPECT_EQ(bucket.take(kQuota, kStart).remaining, i);
  auto refused = bucket.take(kQuota, kStart);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_seconds, 2);
  EXPECT_EQ(refused.reset_seconds, 60);
  EXPECT_FALSE(bucket.take(kQuota, kStart + Milliseconds{1'900}).allowed);
  EXPECT_TRUE(bucket.take(kQuota, kStart + Milliseconds{2'100}).allowed);
}

RC_GTEST_PROP(Buckets, NeverAllowMoreThanBurstAndRate, ()) {
  TokenBucket bucket(kQuota, kStart);
  const auto steps = *rc::gen::container<std::vector<int>>(rc::gen::inRange(-500, 3'000));
  auto now = kStart;
  auto latest = kStart;
  int allowed = 0;
  for (const auto step : steps) {
    now += Milliseconds{step};  // also negative, because a clock may go back
    latest = std::max(latest, now);
    if (bucket.take(kQuota, now).allowed) ++allowed;
  }
  const auto seconds = std::chrono::duration<double>(latest - kStart).count();
  RC_ASSERT(allowed <= 30 + seconds * 0.5 + 1);
}

TEST(LocalLimits, AreBounded) {
  LocalLimits limits(100);
  for (int i = 0; i < 100'000; ++i) limits.take("user-" + std::to_string(i), kQuota, kStart);
  EXPECT_EQ(limits.size(), 100u);
  for (int i = 0; i < 30; ++i) EXPECT_TRUE(limits.take("one", kQuota, kStart).allowed);
  EXPECT_FALSE(limits.take("one", kQuota, kStart).allowed);
}

TEST(LocalLimits, AttemptsCountOnlyWhenTheyFail) {
  constexpr Quota kFailures{5, Seconds{60}};
  LocalLimits limits;
  const auto reserve = [&] { return limits.reserve("ada", kFailures, kStart).attempt; };
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 5; ++i) EXPECT_EQ(reserve(), Attempt::go);
    EXPECT_EQ(reserve(), Attempt::wait) << "the outcome of the five pending attempts decides";
    for (int i = 0; i < 5; ++i) limits.settle("ada", kFailures, false, kStart);
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(reserve(), Attempt::go);
  for (int i = 0; i < 5; ++i) limits.settle("ada", kFailures, true, kStart);
  const auto refused = limits.reserve("ada", kFailures, kStart);
  EXPECT_EQ(refused.attempt, Attempt::refused);
  EXPECT_EQ(refused.retry_seconds, 12);
  EXPECT_EQ(limits.reserve("ada", kFailures, kStart + Seconds{13}).attempt, Attempt::go);
}

FrameText text(int number) { return std::make_shared<const std::string>(std::to_string(number)); }

std::vector<std::string> relayed_texts(const FrameOrder::Step& step) {
  std::vector<std::string> out;
  for (const auto& frame : step.relay) out.push_back(*frame);
  return out;
}

TEST(Frames, WaitForTheStateAndThenPassInOrder) {
  FrameOrder order;
  EXPECT_TRUE(order.frame(6, text(6), kStart).relay.empty()) << "no frame is relayed before the welcome";
  EXPECT_TRUE(order.frame(5, text(5), kStart).relay.empty());
  EXPECT_EQ(relayed_texts(order.start(5, kStart)), std::vector<std::string>{"6"})
      << "frame 5 is part of the state that was read";
  EXPECT_EQ(relayed_texts(order.frame(7, text(7), kStart)), std::vector<std::string>{"7"});
  EXPECT_EQ(order.last(), 7);
}

TEST(Frames, ThatArriveTooEarlyAreHeldForTheHoldTime) {
  FrameOrder order;
  (void)order.start(0, kStart);
  EXPECT_TRUE(order.frame(3, text(3), kStart).relay.empty());
  EXPECT_TRUE(order.frame(2, text(2), kStart).relay.empty());
  EXPECT_FALSE(order.tick(kStart + Milliseconds{100}).resync);
  EXPECT_EQ(relayed_texts(order.frame(1, text(1), kStart)), (std::vector<std::string>{"1", "2", "3"}));
  (void)order.frame(9, text(9), kStart);
  EXPECT_TRUE(order.tick(kStart + FrameOrder::kHoldTimeout).resync);
}

TEST(Frames, RepeatedNumbersCauseAResyncWhenTheyAreTooLateOrTooFarBack) {
  FrameOrder order;
  (void)order.start(10, kStart);
  EXPECT_FALSE(order.frame(10, text(10), kStart + Milliseconds{500}).resync)
      << "the number was assigned before the state was read";
  EXPECT_TRUE(order.frame(10, text(10), kStart + FrameOrder::kLateWindow).resync);
  (void)order.start(1'000, kStart);
  EXPECT_TRUE(order.frame(1, text(1), kStart).resync) << "the number is too far back for a late frame";
}

TEST(Frames, AreNotHeldWithoutBound) {
  FrameOrder order;
  (void)order.start(0, kStart);
  bool resync = false;
  for (int i = 2; i < 1'000; ++i) resync = order.frame(i, text(i), kStart).resync || resync;
  EXPECT_TRUE(resync);
}

RC_GTEST_PROP(Frames, AreRelayedOnceAndInOrderHoweverTheyAreShuffled, ()) {
  const auto count = *rc::gen::inRange(1, 40);
  std::vector<int> numbers(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) numbers[static_cast<std::size_t>(i)] = i + 1;
  const auto seed = *rc::gen::arbitrary<std::uint32_t>();
  std::uint32_t state = seed | 1u;
  for (std::size_t i = numbers.size(); i > 1; --i) {
    state = state * 1'664'525u + 1'013'904'223u;
    std::swap(numbers[i - 1], numbers[state % i]);
  }
  FrameOrder order;
  (void)order.start(0, kStart);
  std::vector<std::string> all;
  for (const auto number : numbers) {
    for (auto& one : relayed_texts(order.frame(number, text(number), kStart))) all.push_back(one);
  }
  RC_ASSERT(all.size() == numbers.size());
  for (std::size_t i = 0; i < all.size(); ++i) RC_ASSERT(all[i] == std::to_string(i + 1));
}

TEST(ConnectionCaps, LimitConnectionsPerAddressAndInTotal) {
  ConnectionCap cap(4, 2);
  auto one = cap.take("a", true);
  {
    auto two = cap.take("a", true);
    EXPECT_TRUE(two);
    EXPECT_FALSE(cap.take("a", true)) << "at most two connections of one address";
    EXPECT_TRUE(cap.take("a", false)) << "loopback is not counted by address";
    auto three = cap.take("b", true);
    auto four = cap.take("c", true);
    EXPECT_FALSE(cap.take("d", true)) << "at most four connections in total";
  }
  EXPECT_EQ(cap.open(), 1u);
  EXPECT_TRUE(cap.take("a", true));
  auto moved = std::move(one);
  EXPECT_EQ(cap.open(), 1u);
}

TEST(Directory, FindsTheShardsOfAPlayerAndReturnsTheOldestSocketAboveTheLimit) {
  Directory directory;
  const auto player = PlayerId::fresh(TimePoint{});
  EXPECT_TRUE(directory.add(player, {0, 1}, 2).empty());
  EXPECT_TRUE(directory.add(player, {1, 2}, 2).empty());
  EXPECT_EQ(directory.shards_of(player), (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(directory.add(player, {1, 3}, 2), (std::vector<Directory::Place>{{0, 1}}));
  EXPECT_EQ(directory.shards_of(player), std::vector<std::size_t>{1});
  directory.remove(player, {1, 2});
  directory.remove(player, {1, 3});
  EXPECT_TRUE(directory.shards_of(player).empty());
  const auto party = PartyId::fresh(TimePoint{});
  directory.watch(party);
  directory.watch(party);
  directory.unwatch(party);
  EXPECT_TRUE(directory.is_watched(party));
  directory.unwatch(party);
  EXPECT_FALSE(directory.is_watched(party));
}

TEST(Denials, AreRemovedAfterTheirExpiry) {
  Denials denials;
  const auto login = LoginId::fresh(TimePoint{});
  denials.add(login, kStart, kStart + Seconds{900});
  EXPECT_TRUE(denials.contains(login));
  for (int i = 0; i < 20'000; ++i)
    denials.add(LoginId::fresh(TimePoint{}), kStart + Seconds{901}, kStart + Seconds{902});
  EXPECT_FALSE(denials.contains(login));
}

}  // namespace
}  // namespace mm::gateway
