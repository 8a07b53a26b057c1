// Tests of the commit gate, which limits the commits of matches while others are unconfirmed.
#include "services/matchmaker/owner/commit_gate.h"

#include <gtest/gtest.h>

namespace mm::matchmaker {
namespace {

const SteadyPoint kStart{Seconds(100)};

TEST(CommitGate, AllowsCommitsUpToItsBound) {
  CommitGate gate(10);
  EXPECT_EQ(gate.room({}, kStart), 10);
  EXPECT_EQ(gate.room({7, Seconds(1)}, kStart), 3);
  EXPECT_FALSE(gate.closed());
  EXPECT_EQ(gate.room({10, Seconds(1)}, kStart), 0);
  EXPECT_EQ(gate.room({12, Seconds(1)}, kStart), 0);
  EXPECT_TRUE(gate.closed());
}

TEST(CommitGate, ClosesWhenOneMatchIsUnconfirmedForTooLong) {
  CommitGate gate(10);
  EXPECT_EQ(gate.room({1, CommitGate::kMaxUnconfirmedAge}, kStart), 9);
  EXPECT_EQ(gate.room({1, CommitGate::kMaxUnconfirmedAge + Milliseconds{1}}, kStart), 0);
  EXPECT_EQ(gate.room({}, kStart), 10) << "the gate opens again once that match is confirmed";
}

TEST(CommitGate, AllowsMoreUnconfirmedMatchesAtAHigherCommitRate) {
  CommitGate gate(10);
  gate.committed(30, kStart);
  gate.committed(20, kStart + Seconds(1));
  EXPECT_EQ(gate.room({40, Seconds(1)}, kStart + Seconds(2)), 10)
      << "50 matches were committed in the last five seconds";
  EXPECT_EQ(gate.room({40, Seconds(1)}, kStart + Seconds(6)), 0)
      << "20 matches were committed in the last five seconds";
  EXPECT_EQ(gate.room({}, kStart + Seconds(20)), 10);
}

// Session confirms nothing: matches are committed up to the bound, and none after that.
TEST(CommitGate, BoundsTheUnconfirmedMatchesWhenSessionConfirmsNothing) {
  CommitGate gate(2'000);
  std::int64_t unconfirmed = 0;
  auto now = kStart;
  for (int tick = 0; tick < 600; ++tick, now += Milliseconds{100}) {
    const auto oldest = unconfirmed > 0 ? std::chrono::duration_cast<Milliseconds>(now - kStart) : Milliseconds{0};
    const auto commits = std::min<std::int64_t>(gate.room({unconfirmed, oldest}, now), 300);
    gate.committed(commits, now);
    unconfirmed += commits;
  }
  EXPECT_LE(unconfirmed, 2'300);
}

}  // namespace
}  // namespace mm::matchmaker
