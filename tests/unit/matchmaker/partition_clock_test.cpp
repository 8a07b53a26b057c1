// Tests of the bucket time that an owner follows: a jump of the queue's clock is corrected, a delay is not.
#include "services/matchmaker/owner/partition_clock.h"

#include <gtest/gtest.h>

namespace mm::matchmaker {
namespace {

constexpr BucketMs kFirst = 1'767'225'600'000;
constexpr BucketMs kHour = 3'600'000;

class PartitionClockTest : public ::testing::Test {
 protected:
  static PollResult reply(BucketMs now, std::int64_t beat) {
    PollResult result;
    result.mine = true;
    result.now = now;
    result.own_beat = beat;
    return result;
  }
  SteadyPoint at(std::int64_t ms) const { return start_ + Milliseconds(ms); }

  const SteadyPoint start_ = SteadyPoint(Seconds(100));
  PartitionClock clock_;
};

TEST_F(PartitionClockTest, FollowsTheQueueWithinTheTolerance) {
  clock_.polled(reply(kFirst, 1), at(0), at(1));
  EXPECT_EQ(clock_.now(), kFirst);
  clock_.polled(reply(kFirst + 300, 2), at(100), at(101));
  EXPECT_EQ(clock_.now(), kFirst + 300);
  EXPECT_EQ(clock_.before(), kFirst);
  EXPECT_EQ(clock_.correction(), Milliseconds{0});
  clock_.advance(at(201));
  EXPECT_EQ(clock_.now(), kFirst + 400);
}

TEST_F(PartitionClockTest, AJumpDoesNotMoveItAndIsCorrectedByTheNextPoll) {
  for (const auto jump : {kHour, -kHour}) {
    clock_.forget();
    clock_.polled(reply(kFirst, 1), at(0), at(0));
    clock_.polled(reply(kFirst + 100 + jump, 2), at(100), at(100));
    EXPECT_EQ(clock_.now(), kFirst + 100);
    EXPECT_EQ(clock_.correction(), Milliseconds{-jump});
    EXPECT_EQ(clock_.beat(), 2);
    clock_.polled(reply(kFirst + 102, 3), at(101), at(102));
    EXPECT_EQ(clock_.correction(), Milliseconds{0});
    EXPECT_EQ(clock_.now(), kFirst + 102);
  }
}

// If the reply to the correcting poll is lost, it is unknown whether the correction was made. The next reply shows it.
TEST_F(PartitionClockTest, ACorrectionWhoseReplyIsLostIsMeasuredAgain) {
  clock_.polled(reply(kFirst, 1), at(0), at(0));
  clock_.polled(reply(kFirst + kHour, 2), at(1), at(1));
  ASSERT_EQ(clock_.correction(), Milliseconds{1 - kHour});
  clock_.polled(reply(kFirst + kHour + 600, 4), at(601), at(601));
  EXPECT_EQ(clock_.correction(), Milliseconds{1 - kHour});
  EXPECT_EQ(clock_.beat(), 4);
}

// The process was paused between sending the poll and reading its reply.
TEST_F(PartitionClockTest, AReplyThatIsReadLateIsNoJump) {
  clock_.polled(reply(kFirst, 1), at(0), at(0));
  clock_.polled(reply(kFirst + 100, 2), at(100), at(9'000));
  EXPECT_EQ(clock_.correction(), Milliseconds{0});
  EXPECT_EQ(clock_.now(), kFirst + 9'000);
}

TEST_F(PartitionClockTest, ANewOwnerTakesTheTimeOfTheQueue) {
  clock_.polled(reply(kFirst, 1), at(0), at(0));
  clock_.forget();
  EXPECT_EQ(clock_.now(), 0);
  clock_.polled(reply(kFirst - kHour, 1), at(100), at(100));
  EXPECT_EQ(clock_.now(), kFirst - kHour);
  EXPECT_EQ(clock_.before(), 0);
  EXPECT_EQ(clock_.correction(), Milliseconds{0});
}

}  // namespace
}  // namespace mm::matchmaker
