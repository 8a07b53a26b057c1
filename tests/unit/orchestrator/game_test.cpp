// The pure parts of the sample game server: winners, statistics, retries, rate limit, gateway URL.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <numeric>

#include "services/game_server/core/gateway_address.h"
#include "services/game_server/core/match_outcome.h"
#include "services/game_server/core/retry.h"
#include "services/game_server/core/stats.h"
#include "services/game_server/core/token_bucket.h"

namespace mm::game {
namespace {

MatchId match_number(std::uint64_t number) {
  Uuid uuid;
  for (std::size_t i = 0; i < 8; ++i) uuid.bytes[15 - i] = static_cast<std::uint8_t>(number >> (8 * i));
  return MatchId(uuid);
}

TEST(MatchOutcome, HasTheProbabilitiesOfElo) {
  const auto even = win_probabilities({{1500, 1500}, {1400, 1600}});
  EXPECT_DOUBLE_EQ(even[0], 0.5);
  // 400 points are odds of ten to one.
  const auto odds = win_probabilities({{1900}, {1500}});
  EXPECT_NEAR(odds[0], 10.0 / 11.0, 1e-12);
  EXPECT_NEAR(odds[1], 1.0 / 11.0, 1e-12);
  // A team without ratings counts 1500.
  EXPECT_DOUBLE_EQ(win_probabilities({{}, {1500}})[0], 0.5);
}

TEST(MatchOutcome, HasProbabilitiesThatAddUpToOneAndFavourTheStronger) {
  EXPECT_TRUE(rc::check("chances", [] {
    const auto count = *rc::gen::inRange(1, 8);
    std::vector<std::vector<double>> ratings;
    for (int i = 0; i < count; ++i) ratings.push_back({static_cast<double>(*rc::gen::inRange(-10'000, 10'000))});
    const auto chance = win_probabilities(ratings);
    RC_ASSERT(std::abs(std::accumulate(chance.begin(), chance.end(), 0.0) - 1) < 1e-9);
    for (std::size_t i = 0; i < chance.size(); ++i) {
      RC_ASSERT(std::isfinite(chance[i]) && chance[i] >= 0);
      for (std::size_t j = 0; j < chance.size(); ++j) {
        if (ratings[i][0] > ratings[j][0]) RC_ASSERT(chance[i] >= chance[j]);
      }
    }
  }));
}

TEST(MatchOutcome, AlwaysEndsAMatchTheSameWayWithOneOfItsTeams) {
  EXPECT_TRUE(rc::check("winner", [] {
    const auto match = match_number(*rc::gen::arbitrary<std::uint64_t>());
    const auto teams = *rc::gen::inRange<std::size_t>(1, 17);
    const std::vector<std::vector<double>> ratings(*rc::gen::inRange<std::size_t>(0, 17), {1500.0});
    const int won = winner(match, teams, ratings);
    RC_ASSERT(won >= 0 && won < static_cast<int>(teams));
    RC_ASSERT(won == winner(match, teams, ratings));
  }));
}

TEST(MatchOutcome, FollowsItsProbabilities) {
  constexpr int kMatches = 20'000;
  int first = 0;
  for (int i = 0; i < kMatches; ++i) {
    if (winner(match_number(static_cast<std::uint64_t>(i)), 2, {{1700}, {1500}}) == 0) ++first;
  }
  // The seeds are fixed, so this does not vary; three standard deviations are 0.0091.
  EXPECT_NEAR(static_cast<double>(first) / kMatches, 1 / (1 + std::pow(10.0, -0.5)), 0.0091);
}

TEST(Stats, HaveOneEntryPerPlayerAndAreTheSameAgain) {
  const PlayerId a(match_number(1).uuid()), b(match_number(2).uuid()), c(match_number(3).uuid());
  const auto stats = stats_of(match_number(9), {{a, b}, {c}}, 1);
  ASSERT_EQ(stats.size(), 3U);
  EXPECT_EQ(stats[0].player_id, a);
  EXPECT_EQ(stats[2].player_id, c);
  const auto again = stats_of(match_number(9), {{a, b}, {c}}, 1);
  for (std::size_t i = 0; i < stats.size(); ++i) {
    EXPECT_GE(stats[i].kills, 0);
    EXPECT_GE(stats[i].deaths, 0);
    EXPECT_EQ(stats[i].score, again[i].score);
  }
}

TEST(Retry, DependsOnTheStatusOfTheAnswer) {
  for (const int status : {200, 201, 204}) EXPECT_EQ(report_outcome(status), ReportOutcome::accepted) << status;
  for (const int status : {400, 401, 403, 404, 409, 422})
    EXPECT_EQ(report_outcome(status), ReportOutcome::refused) << status;
  for (const int status : {0, 408, 429, 500, 502, 503})
    EXPECT_EQ(report_outcome(status), ReportOutcome::retry) << status;
}

TEST(Retry, WaitsLongerEachTimeUpToALimit) {
  EXPECT_EQ(retry_delay(1, 0, {}), Milliseconds{200});
  EXPECT_EQ(retry_delay(2, 0, {}), Milliseconds{400});
  EXPECT_EQ(retry_delay(3, 1, {}), Milliseconds{1'200});
  EXPECT_EQ(retry_delay(1'000'000, 0, {}), Milliseconds{5'000});
  EXPECT_EQ(retry_delay(1, 0, 3), Milliseconds{3'000});
  EXPECT_EQ(retry_delay(1, 0, 100'000), Milliseconds{30'000});
  EXPECT_EQ(retry_delay(1, 0, -1), Milliseconds{200});
}

TEST(TokenBucket, LetsABurstThroughAndThenTheRate) {
  const SteadyPoint start{};
  TokenBucket bucket(10, 5, start);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(start));
  EXPECT_FALSE(bucket.take(start));
  EXPECT_TRUE(bucket.take(start + Milliseconds{100}));
  EXPECT_FALSE(bucket.take(start + Milliseconds{100}));
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += bucket.take(start + std::chrono::hours{1}) ? 1 : 0;
  EXPECT_EQ(taken, 5);
}

TEST(GatewayUrl, IsParsedOrRefused) {
  const auto plain = parse_gateway_url("http://127.0.0.1:8080");
  ASSERT_TRUE(plain);
  EXPECT_EQ(*plain, (GatewayAddress{"127.0.0.1", "8080", ""}));
  EXPECT_EQ(*parse_gateway_url("http://gateway"), (GatewayAddress{"gateway", "80", ""}));
  EXPECT_EQ(*parse_gateway_url("http://gateway:81/games/"), (GatewayAddress{"gateway", "81", "/games"}));
  EXPECT_EQ(*parse_gateway_url("http://[::1]:8080"), (GatewayAddress{"::1", "8080", ""}));
  for (const auto* url : {"", "https://gateway", "gateway:80", "http://", "http://:80", "http://a:", "http://a:b",
                          "http://a:123456", "http://u@a", "http://a/x?y", "http://a/\r\nX: y", "http://[::1"}) {
    EXPECT_FALSE(parse_gateway_url(url)) << url;
  }
}

}  // namespace
}  // namespace mm::game
