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
  EXPECT_EQ(clock_.correction(), Milliseconds{0});
}

class TicketTimes : public PartitionClockTest {
 protected:
  static constexpr std::int64_t kLoaded = 50;

  TicketTimes() {
    clock_.polled(reply(kFirst, 1), at(0), at(0));
    clock_.loaded(kLoaded);
  }
  static TicketRecord ticket(BucketMs queued_at, std::int64_t change, int attempt = 1) {
    TicketRecord ticket;
    ticket.queued_at = queued_at;
    ticket.change = change;
    ticket.attempt = attempt;
    return ticket;
  }
};

TEST_F(TicketTimes, AreRightWithoutAJump) {
  clock_.polled(reply(kFirst + 9'000, 2), at(9'000), at(9'000));
  EXPECT_EQ(clock_.error_of(ticket(kFirst - 60'000, kLoaded - 1)), Milliseconds{0}) << "a ticket that waits for long";
  EXPECT_EQ(clock_.error_of(ticket(kFirst + 100, kLoaded + 1)), Milliseconds{0});
  EXPECT_EQ(clock_.error_of(ticket(kFirst - 60'000, kLoaded + 1, 2)), Milliseconds{0}) << "queued again";
}

TEST_F(TicketTimes, AreCorrectedIfATicketIsFromTheFuture) {
  EXPECT_EQ(clock_.error_of(ticket(kFirst + kHour, kLoaded + 1)), Milliseconds{-kHour});
}

TEST_F(TicketTimes, AreCorrectedIfANewTicketIsOld) {
  clock_.polled(reply(kFirst + 100 - kHour, 2), at(100), at(100));
  EXPECT_EQ(clock_.error_of(ticket(kFirst + 50 - kHour, kLoaded + 1)), Milliseconds{50 + kHour});
}

// The correction is made by a poll whose tickets cannot be read, so they are read by the next one.
TEST_F(TicketTimes, AreCorrectedIfTheTicketsAreReadLate) {
  clock_.polled(reply(kFirst + 100 - kHour, 2), at(100), at(100));
  clock_.polled(reply(kFirst + 200, 3), at(200), at(200));
  EXPECT_EQ(clock_.error_of(ticket(kFirst + 50 - kHour, kLoaded + 1)), Milliseconds{150 + kHour});
  clock_.loaded(kLoaded + 1);
  EXPECT_EQ(clock_.error_of(ticket(kFirst - kHour, kLoaded + 1)), Milliseconds{0});
}

// The owner was paused for six seconds, in which the clock was set back by five: a ticket of one second ago looks as if
// it had entered right after the pause began.
TEST_F(TicketTimes, OfATicketThatMayBeFromBeforeOrAfterTheJumpMakeItYounger) {
  clock_.polled(reply(kFirst + 1'000, 2), at(6'000), at(6'000));
  EXPECT_EQ(clock_.error_of(ticket(kFirst, kLoaded + 1)), Milliseconds{5'000});
  EXPECT_EQ(clock_.error_of(ticket(kFirst + 4'000, kLoaded + 1)), Milliseconds{2'000}) << "not from the future";
  EXPECT_EQ(clock_.error_of(ticket(kFirst - 9'000, kLoaded + 1, 2)), Milliseconds{5'000}) << "queued again";
  EXPECT_EQ(clock_.error_of(ticket(kFirst - 9'000, kLoaded, 2)), Milliseconds{0}) << "waited before";
}

}  // namespace
}  // namespace mm::matchmaker
