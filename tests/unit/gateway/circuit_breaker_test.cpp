// Tests of when requests to a daemon are refused at once.
#include "services/gateway/core/circuit_breaker.h"

#include <gtest/gtest.h>

namespace mm::gateway {
namespace {

const SteadyPoint kStart = SteadyPoint{} + std::chrono::hours{1};
constexpr Milliseconds kTimeout{2'000};

/// Requests that were all sent at `sent` and got no answer. Returns how often the breaker was opened.
int lose(CircuitBreaker& breaker, int count, SteadyPoint sent) {
  int opened = 0;
  for (int i = 0; i < count; ++i) {
    if (breaker.unanswered(sent, sent + kTimeout)) ++opened;
  }
  return opened;
}

TEST(CircuitBreaker, OpensAfterTenRequestsWithoutAnAnswer) {
  CircuitBreaker breaker;
  EXPECT_EQ(lose(breaker, CircuitBreaker::kFailuresMost - 1, kStart), 0);
  EXPECT_TRUE(breaker.allows(kStart + kTimeout));
  EXPECT_EQ(lose(breaker, 5, kStart), 1);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.allows(kStart + kTimeout));
}

TEST(CircuitBreaker, AnAnswerAfterwardsForgivesRequestsThatWereSentBefore) {
  CircuitBreaker breaker;
  // One of two instances is frozen: half of a burst gets no answer, the other half does.
  breaker.answered(kStart + Milliseconds{10});
  EXPECT_EQ(lose(breaker, 1'000, kStart), 0);
  EXPECT_FALSE(breaker.is_open());
}

TEST(CircuitBreaker, AnAnswerBetweenTheFailuresStartsTheCountAgain) {
  CircuitBreaker breaker;
  auto at = kStart;
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(lose(breaker, CircuitBreaker::kFailuresMost - 1, at), 0);
    at += kTimeout;
    breaker.answered(at);
    at += Milliseconds{1};
  }
}

TEST(CircuitBreaker, LetsOneTrialThroughPerIntervalAndClosesAtTheFirstAnswer) {
  CircuitBreaker breaker;
  lose(breaker, CircuitBreaker::kFailuresMost, kStart);
  auto now = kStart + kTimeout;
  for (int i = 0; i < 4; ++i) {
    now += CircuitBreaker::kTrialInterval;
    EXPECT_TRUE(breaker.allows(now));
    EXPECT_FALSE(breaker.allows(now)) << "only one trial";
    EXPECT_FALSE(breaker.allows(now + CircuitBreaker::kTrialInterval - Milliseconds{1}));
  }
  EXPECT_TRUE(breaker.answered(now)) << "the answer to a trial closes the breaker";
  EXPECT_TRUE(breaker.allows(now));
  EXPECT_TRUE(breaker.allows(now));
  EXPECT_FALSE(breaker.answered(now)) << "it was closed already";
}

TEST(CircuitBreaker, AFailedTrialKeepsItOpen) {
  CircuitBreaker breaker;
  lose(breaker, CircuitBreaker::kFailuresMost, kStart);
  const auto now = kStart + kTimeout + CircuitBreaker::kTrialInterval;
  EXPECT_TRUE(breaker.allows(now));
  EXPECT_FALSE(breaker.unanswered(now, now + kTimeout)) << "it is not opened a second time";
  EXPECT_TRUE(breaker.is_open());
}

}  // namespace
}  // namespace mm::gateway
