#include "tests/chaos/proxy/message_schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace mm::chaos {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr SteadyPoint kStart{std::chrono::hours{1}};

NatsFrame message(const std::string& bytes, const std::string& subject = "match.found", const std::string& reply = "") {
  return {bytes, true, subject, reply};
}

Fault fault_of(int percent, int copies, int window) {
  Fault fault;
  fault.kind = FaultKind::messages;
  fault.percent = percent;
  fault.copies = copies;
  fault.window = window;
  return fault;
}

std::vector<std::string> sent(MessageSchedule& schedule, int messages) {
  std::vector<std::string> out;
  for (int i = 0; i < messages; ++i) schedule.add(message(std::to_string(i)), kStart, out);
  schedule.release(kStart + MessageSchedule::kLongestInWindow, out);
  return out;
}

TEST(MessageSchedule, WithoutAFaultNothingChanges) {
  MessageSchedule schedule(1);
  EXPECT_THAT(sent(schedule, 4), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(schedule.next_release(), std::nullopt);
}

TEST(MessageSchedule, RepeatsEachMessage) {
  MessageSchedule schedule(1);
  schedule.set(fault_of(0, 3, 0));
  EXPECT_THAT(sent(schedule, 2), ElementsAre("0", "0", "0", "1", "1", "1"));
  EXPECT_EQ(schedule.counts().repeated, 4U);
}

TEST(MessageSchedule, DropsTheShareThatWasAskedFor) {
  MessageSchedule schedule(7);
  schedule.set(fault_of(10, 1, 0));
  const auto arrived = sent(schedule, 10'000).size();
  EXPECT_NEAR(static_cast<double>(arrived), 9'000, 200);
  EXPECT_EQ(schedule.counts().dropped, 10'000 - arrived);
}

TEST(MessageSchedule, ReordersWithoutLossAndAboutWithinTheWindow) {
  constexpr int kMessages = 1'000;
  constexpr int kWindow = 20;
  MessageSchedule schedule(7);
  schedule.set(fault_of(0, 1, kWindow));
  const auto order = sent(schedule, kMessages);
  ASSERT_EQ(order.size(), static_cast<std::size_t>(kMessages));
  int moved = 0;
  for (int i = 0; i < kMessages; ++i) {
    const int original = std::stoi(order[static_cast<std::size_t>(i)]);
    moved += original != i ? 1 : 0;
    EXPECT_LE(original - i, kWindow) << "no message overtakes more than the window";
  }
  EXPECT_GT(moved, kMessages / 2);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(std::unique(sorted.begin(), sorted.end()), sorted.end());
}

TEST(MessageSchedule, TheSameSeedMakesTheSameDecisions) {
  const auto run = [](std::uint64_t seed) {
    MessageSchedule schedule(seed);
    schedule.set(fault_of(10, 2, 10));
    return sent(schedule, 200);
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

TEST(MessageSchedule, TheWindowIsEmptiedInTime) {
  MessageSchedule schedule(1);
  schedule.set(fault_of(0, 1, 10));
  std::vector<std::string> out;
  schedule.add(message("a"), kStart, out);
  EXPECT_THAT(out, IsEmpty());
  ASSERT_EQ(schedule.next_release(), kStart + MessageSchedule::kLongestInWindow);
  schedule.release(*schedule.next_release(), out);
  EXPECT_THAT(out, ElementsAre("a"));
}

TEST(MessageSchedule, DelayedMessagesLeaveInTimeOrAtTheEndOfTheFault) {
  MessageSchedule schedule(1);
  auto fault = fault_of(0, 1, 0);
  fault.delay_ms = 1'000;
  schedule.set(fault);
  std::vector<std::string> out;
  schedule.add(message("a"), kStart, out);
  schedule.add(message("b"), kStart + Milliseconds{500}, out);
  schedule.release(kStart + Milliseconds{999}, out);
  EXPECT_THAT(out, IsEmpty());
  schedule.release(kStart + Milliseconds{1'000}, out);
  EXPECT_THAT(out, ElementsAre("a"));
  schedule.release_all(out);
  EXPECT_THAT(out, ElementsAre("a", "b"));
}

TEST(MessageSchedule, TheProtocolAndOtherSubjectsAreLeftAlone) {
  MessageSchedule schedule(1);
  auto fault = fault_of(100, 1, 0);
  fault.subject = "$JS.ACK.";
  schedule.set(fault);
  std::vector<std::string> out;
  schedule.add({"PING", false, "", ""}, kStart, out);
  schedule.add(message("other", "match.found", "_INBOX.1"), kStart, out);
  schedule.add(message("ack", "$JS.ACK.MATCH.session.1"), kStart, out);
  schedule.add(message("delivery", "match.found", "$JS.ACK.MATCH.session.1"), kStart, out);
  EXPECT_THAT(out, ElementsAre("PING", "other"));
}

TEST(MessageSchedule, HoldsABoundedNumberOfMessages) {
  MessageSchedule schedule(1);
  auto fault = fault_of(0, 1, 0);
  fault.delay_ms = 60'000;
  schedule.set(fault);
  std::vector<std::string> out;
  for (std::size_t i = 0; i <= MessageSchedule::kMaxHeld; ++i) schedule.add(message(std::to_string(i)), kStart, out);
  EXPECT_THAT(out, ElementsAre("0")) << "the oldest leaves early";
}

}  // namespace
}  // namespace mm::chaos
