// Tests when a lease, or the pulse of an instance, counts as gone.
#include "services/matchmaker/owner/lease.h"

#include <gtest/gtest.h>

#include "services/matchmaker/owner/pulses.h"

namespace mm::matchmaker {
namespace {

const Uuid kAddress = *Uuid::parse("0190f0a0-0000-7000-8000-000000000001");
const Uuid kOther = *Uuid::parse("0190f0a0-0000-7000-8000-000000000002");

SteadyPoint at(int ms) { return SteadyPoint{} + Milliseconds{ms}; }

/// Polls every 100 ms in which the owner's beat does not change.
void poll_without_beats(Lease& lease, int from_ms, int until_ms) {
  for (int ms = from_ms; ms <= until_ms; ms += 100) lease.seen("3:other", "7", at(ms));
}

TEST(LeaseToken, ContainsTheAddressOfItsHolder) {
  EXPECT_EQ(address_in("12:" + lease_identifier(kAddress, 4)), kAddress);
  for (const auto* token : {"", "12:", "12:someone", "0190f0a0-0000-7000-8000-000000000001"}) {
    EXPECT_FALSE(address_in(token)) << token;
  }
}

TEST(Lease, WithoutAnOwnerMayBeTakenAfterAPoll) {
  Lease lease;
  EXPECT_FALSE(lease.may_acquire()) << "not polled yet";
  lease.seen("", "", at(0));
  EXPECT_TRUE(lease.may_acquire());
}

TEST(Lease, MayBeTakenWhenTheBeatHasStoodStillForASecond) {
  Lease lease;
  poll_without_beats(lease, 0, 900);
  EXPECT_FALSE(lease.may_acquire());
  poll_without_beats(lease, 1'000, 1'000);
  EXPECT_TRUE(lease.may_acquire());
}

TEST(Lease, AChangedBeatStartsTheSecondAnew) {
  Lease lease;
  poll_without_beats(lease, 0, 900);
  lease.seen("3:other", "8", at(1'000));
  lease.seen("3:other", "8", at(1'100));
  EXPECT_FALSE(lease.may_acquire());
}

TEST(Lease, TimeWithoutSuccessfulPollsDoesNotCount) {
  Lease lease;
  poll_without_beats(lease, 0, 500);
  lease.missed();
  EXPECT_FALSE(lease.may_acquire());
  lease.seen("3:other", "7", at(5'000));
  lease.seen("3:other", "7", at(5'100));
  EXPECT_FALSE(lease.may_acquire());
}

TEST(Lease, APauseOfThisProcessCountsForAQuarterOfASecondAtMost) {
  Lease lease;
  lease.seen("3:other", "7", at(0));
  lease.seen("3:other", "7", at(60'000));
  EXPECT_FALSE(lease.may_acquire());
}

TEST(Lease, WhoseAttemptWasAnsweredLateIsOurs) {
  Lease lease;
  const auto identifier = lease_identifier(kAddress, 1);
  lease.attempt(identifier);
  lease.seen("4:" + identifier, "1", at(0));
  EXPECT_TRUE(lease.mine());
  EXPECT_EQ(lease.token(), "4:" + identifier);
  lease.released();
  lease.seen("4:" + identifier, "1", at(100));
  EXPECT_FALSE(lease.mine()) << "it was given up since";
}

TEST(Lease, ThatAnotherInstanceHoldsNowIsLost) {
  Lease lease;
  lease.acquired("4:" + lease_identifier(kAddress, 1));
  lease.seen("5:" + lease_identifier(kOther, 1), "1", at(0));
  EXPECT_FALSE(lease.mine());
}

TEST(Pulses, AnInstanceIsGoneWhenItsNumberHasStoodStillForASecond) {
  Pulses pulses;
  for (int ms = 0; ms <= 1'000; ms += 100) pulses.seen({{kAddress, 1}, {kOther, ms}}, at(ms));
  EXPECT_TRUE(pulses.gone(kAddress));
  EXPECT_FALSE(pulses.gone(kOther));
  EXPECT_TRUE(pulses.known(kOther));
}

TEST(Pulses, TimeWithoutSuccessfulReadsDoesNotCount) {
  Pulses pulses;
  pulses.seen({{kAddress, 1}}, at(0));
  pulses.missed();
  for (int ms = 5'000; ms <= 5'900; ms += 100) pulses.seen({{kAddress, 1}}, at(ms));
  EXPECT_FALSE(pulses.gone(kAddress));
}

TEST(Pulses, AnInstanceWhoseNumberIsNotThereIsUnknown) {
  Pulses pulses;
  pulses.seen({{kAddress, 1}}, at(0));
  pulses.seen({}, at(100));
  EXPECT_FALSE(pulses.known(kAddress));
  EXPECT_FALSE(pulses.gone(kAddress));
}

}  // namespace
}  // namespace mm::matchmaker
