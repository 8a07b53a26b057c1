// What a bot concludes from an answer, and when it tries again.
#include "tests/chaos/bots/retry.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace mm::chaos {
namespace {

using Wait = std::optional<Milliseconds>;

EndedAttempt ended(int status, int number = 1, std::string_view code = "") {
  EndedAttempt attempt;
  attempt.status = status;
  attempt.code = code;
  attempt.number = number;
  attempt.jitter = 0.5;  // the middle: delays are multiplied by 1
  return attempt;
}

TEST(Retry, OnlyA2xxIsAnAcknowledgementAndOnlyA4xxHasCertainlyNoEffect) {
  EXPECT_EQ(phase_of(200), Phase::ok);
  EXPECT_EQ(phase_of(204), Phase::ok);
  EXPECT_EQ(phase_of(400), Phase::fail);
  EXPECT_EQ(phase_of(409), Phase::fail);
  EXPECT_EQ(phase_of(499), Phase::fail);
  EXPECT_EQ(phase_of(500), Phase::info);
  EXPECT_EQ(phase_of(503), Phase::info) << "a 503 may have come after the effect";
  EXPECT_EQ(phase_of(0), Phase::info) << "no answer";
  EXPECT_EQ(phase_of(302), Phase::info);
}

TEST(Retry, AFinalAnswerIsNotTriedAgain) {
  for (const int status : {200, 201, 204, 400, 401, 403, 404, 409, 422}) EXPECT_EQ(retry_delay(ended(status)), Wait{});
}

TEST(Retry, AnUnknownOutcomeIsTriedAgainWithDoubledDelays) {
  EXPECT_EQ(retry_delay(ended(0, 1)), Wait(Milliseconds{100}));
  EXPECT_EQ(retry_delay(ended(503, 2)), Wait(Milliseconds{200}));
  EXPECT_EQ(retry_delay(ended(500, 3)), Wait(Milliseconds{400}));
  EXPECT_EQ(retry_delay(ended(0, 40)), Wait(kMaxRetryDelay));
}

TEST(Retry, ATemporaryRefusalIsTriedAgain) {
  EXPECT_TRUE(retry_delay(ended(429)));
  EXPECT_TRUE(retry_delay(ended(408)));
  EXPECT_TRUE(retry_delay(ended(409, 1, "idempotency_running")));
  EXPECT_FALSE(retry_delay(ended(409, 1, "already_queued")));
}

TEST(Retry, RetryAfterIsRespectedUpToHalfAMinute) {
  auto attempt = ended(503);
  attempt.retry_after_seconds = 2;
  EXPECT_EQ(retry_delay(attempt), Wait(Milliseconds{2'000}));
  attempt.retry_after_seconds = 3'600;
  EXPECT_EQ(retry_delay(attempt), Wait(Milliseconds{30'000}));
  attempt.retry_after_seconds = -1;
  EXPECT_EQ(retry_delay(attempt), Wait(Milliseconds{100}));
}

TEST(Retry, NoAttemptBeginsAfterTheBudget) {
  auto attempt = ended(0);
  attempt.since_first = attempt.budget - Milliseconds{100};
  EXPECT_TRUE(retry_delay(attempt));
  attempt.since_first += Milliseconds{1};
  EXPECT_FALSE(retry_delay(attempt));
}

TEST(Retry, DelaysStayWithinTheirBoundsAndAttemptsEnd) {
  rc::check([] {
    auto attempt = ended(*rc::gen::element(0, 429, 500, 503));
    attempt.budget = Milliseconds{*rc::gen::inRange(1'000, 600'000)};
    int attempts = 1;
    for (; attempts < 100'000; ++attempts) {
      attempt.number = attempts;
      attempt.jitter = *rc::gen::inRange(0, 100) / 100.0;
      const auto wait = retry_delay(attempt);
      if (!wait) break;
      RC_ASSERT(*wait >= kFirstRetryDelay / 2);
      RC_ASSERT(*wait <= kMaxRetryDelay * 3 / 2);
      attempt.since_first += *wait;
      RC_ASSERT(attempt.since_first <= attempt.budget);
    }
    RC_ASSERT(attempts < 1'000);
  });
}

}  // namespace
}  // namespace mm::chaos
