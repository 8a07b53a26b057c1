// Tests Glicko-2 with the example of its paper, with values computed independently of this code (the volatility by
// bisection instead of the paper's iteration), and with examples of the step for teams.
#include "services/profile/core/glicko2.h"

#include <gtest/gtest.h>

#include <cmath>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));

TEST(Glicko2, GivesTheExampleOfThePaper) {
  const auto after = glicko2({1500, 200, 0.06}, {{1400, 30, 1}, {1550, 100, 0}, {1700, 300, 0}}, 1);
  EXPECT_NEAR(after.rating, 1464.06, 0.01) << "the paper rounds between its steps";
  EXPECT_NEAR(after.deviation, 151.52, 0.005);
  EXPECT_NEAR(after.volatility, 0.05999, 0.00001);
  // Without rounding:
  EXPECT_NEAR(after.rating, 1464.0506705, 1e-6);
  EXPECT_NEAR(after.deviation, 151.5165241, 1e-6);
  EXPECT_NEAR(after.volatility, 0.0599959844, 1e-9);
}

struct Example {
  const char* name;
  Glicko2Player player;
  std::vector<Glicko2Game> games;
  double periods;
  Glicko2Player expected;
};

TEST(Glicko2, GivesIndependentlyComputedValues) {
  const Example examples[] = {
      {"a first win", {1500, 350, 0.06}, {{1500, 350, 1}}, 0, {1662.2120015, 290.2305078, 0.0599996754}},
      {"the deviation of a new player is the maximum",
       {1500, 350, 0.06},
       {{1500, 350, 0.5}},
       1,
       {1500, 290.2305078, 0.0599989615}},
      {"no time has passed", {1500, 60, 0.06}, {{1500, 60, 1}}, 0, {1509.8939870, 59.1548118, 0.0599999089}},
      {"an upset", {1500, 60, 0.06}, {{2200, 60, 1}}, 0.01, {1519.9398636, 59.9456349, 0.0600122568}},
      {"a bad day", {1500, 60, 0.09}, {{1300, 45, 0}}, 0.5, {1484.2782445, 60.3443262, 0.0900164863}},
      {"a great upset", {1500, 60, 0.06}, {{2800, 60, 1}}, 0.25, {1520.4964387, 60.2237681, 0.0600130076}},
      {"two halves of a game",
       {1500, 200, 0.06},
       {{1400, 30, 1, 0.5}, {1700, 300, 0, 0.5}},
       1,
       {1513.1493520, 180.9155681, 0.0599981754}},
      {"one that counts twice", {1500, 200, 0.06}, {{1400, 30, 1, 2}}, 1, {1603.1107110, 157.9671508, 0.0599988546}},
      {"the same as two",
       {1500, 200, 0.06},
       {{1400, 30, 1}, {1400, 30, 1}},
       1,
       {1603.1107110, 157.9671508, 0.0599988546}},
  };
  for (const auto& example : examples) {
    const auto after = glicko2(example.player, example.games, example.periods);
    EXPECT_NEAR(after.rating, example.expected.rating, 1e-5) << example.name;
    EXPECT_NEAR(after.deviation, example.expected.deviation, 1e-5) << example.name;
    EXPECT_NEAR(after.volatility, example.expected.volatility, 1e-9) << example.name;
  }
}

TEST(Glicko2, StaysFiniteForAnyRatings) {
  for (const double gap : {1e3, 1e4, 1e5, 1e6}) {
    for (const double score : {0.0, 0.5, 1.0}) {
      for (const double sign : {-1.0, 1.0}) {
        const auto after = glicko2({1500, 350, 0.06}, {{1500 + sign * gap, 30, score}}, 1);
        EXPECT_TRUE(std::isfinite(after.rating) && std::isfinite(after.deviation)) << gap << " " << score;
        EXPECT_LE(std::abs(after.rating - 1500), 710) << gap << " " << score;
        EXPECT_GE(after.volatility, kMinVolatility);
        EXPECT_LE(after.volatility, kMaxVolatility);
      }
    }
  }
}

Sides glicko(const Sides& sides, std::optional<std::size_t> winner) {
  return rate(RatingSystem::glicko2, sides, {winner, kNow, 0});
}

Rated just_played(Hundredths mmr, Hundredths deviation) { return {mmr, 5, deviation, kInitialVolatility, kNow}; }

TEST(Glicko2, RatesATeamGameAsADuelThatIsAsHardForEachPlayer) {
  const Sides sides{{just_played(110'000, 30'000), just_played(120'000, 31'000), just_played(130'000, 32'000)},
                    {just_played(140'000, 11'000), just_played(150'000, 12'000), just_played(160'000, 13'000)}};
  const auto after = glicko(sides, 0);
  // The composite of the first player: 1100 + 3 (1500 - 1200) = 2000, and 310^2 + 320^2 + 110^2 + 120^2 + 130^2 + 2 *
  // 99281.3 = 663.67^2. All values were computed independently.
  EXPECT_EQ(after[0][0].mmr, 129'121);
  EXPECT_EQ(after[0][0].deviation, 29'299);
  EXPECT_EQ(after[0][1].mmr, 140'494);
  EXPECT_EQ(after[0][2].mmr, 151'923);
  EXPECT_EQ(after[0][2].deviation, 31'152);
  EXPECT_EQ(after[1][0].mmr, 137'534);
  EXPECT_EQ(after[1][1].mmr, 147'062);
  EXPECT_EQ(after[1][2].mmr, 156'548);
  EXPECT_EQ(after[1][2].deviation, 12'942);
  EXPECT_EQ(after[1][2].volatility, 60'001'487);
}

TEST(Glicko2, DoesNotPullTheRatingsOfATeamTogether) {
  // Each team has a strong and a weak player and wins half of its matches, so the ratings must stay. If each player
  // were rated against the mean of the other side, 1800 would be expected to win, and 1200 to lose.
  Sides sides{{just_played(180'000, 6'000), just_played(120'000, 6'000)},
              {just_played(180'000, 6'000), just_played(120'000, 6'000)}};
  for (int i = 0; i < 200; ++i) sides = glicko(sides, static_cast<std::size_t>(i % 2));
  for (const auto& side : sides) {
    EXPECT_NEAR(to_points(side[0].mmr), 1800, 15);
    EXPECT_NEAR(to_points(side[1].mmr), 1200, 15);
  }
}

TEST(Glicko2, RatesUnequalSidesAsSidesOfTheirMeanSize) {
  const Sides sides{{just_played(150'000, 6'000)}, {just_played(150'000, 6'000), just_played(160'000, 9'000)}};
  const auto after = glicko(sides, 0);
  EXPECT_EQ(after[0][0].mmr, 150'952);
  EXPECT_EQ(after[0][0].deviation, 5'945);
  EXPECT_EQ(after[1][0].mmr, 149'068);
  EXPECT_EQ(after[1][0].deviation, 5'947);
}

TEST(Glicko2, RatesEachOtherSideAsAFractionOfAGame) {
  const Sides sides{{{150'000, 0, 20'000}}, {{140'000, 0, 3'000}}, {{170'000, 0, 30'000}}};
  const auto after = glicko(sides, 0);
  const auto alone = glicko2({1500, 200, 0.06}, {{1400, 30, 1, 0.5}, {1700, 300, 1, 0.5}}, 1);
  EXPECT_EQ(after[0][0].mmr, stored_rating(alone.rating));
  const auto middle = glicko2({1400, 30, 0.06}, {{1500, 200, 0, 0.5}}, 1);
  EXPECT_EQ(after[1][0].mmr, stored_rating(middle.rating)) << "a loser has no game against another loser";
  const auto drawn = glicko(sides, std::nullopt);
  const auto all = glicko2({1400, 30, 0.06}, {{1500, 200, 0.5, 0.5}, {1700, 300, 0.5, 0.5}}, 1);
  EXPECT_EQ(drawn[1][0].mmr, stored_rating(all.rating));
}

TEST(Glicko2, CountsTheTimeSinceTheLastMatchUpToOnePeriod) {
  const auto of = [](TimePoint last) {
    const Rated player{150'000, 40, 6'000, kInitialVolatility, last};
    return glicko({{player}, {{150'000, 40, 6'000, kInitialVolatility, kNow}}}, std::nullopt)[0][0];
  };
  const auto at_once = glicko2({1500, 60, 0.06}, {{1500, 60, 0.5}}, 0);
  EXPECT_EQ(of(kNow).deviation, stored_deviation(at_once.deviation));
  EXPECT_EQ(of(kNow + std::chrono::hours(5)), of(kNow + std::chrono::hours(5)))
      << "applied out of order: no time has passed";
  EXPECT_EQ(of(kNow + std::chrono::hours(5)).deviation, of(kNow).deviation);
  EXPECT_EQ(of(kNow + std::chrono::hours(5)).deviation_at, kNow + std::chrono::hours(5));
  const auto half = glicko2({1500, 60, 0.06}, {{1500, 60, 0.5}}, 0.5);
  EXPECT_EQ(of(kNow - kRatingPeriod / 2).deviation, stored_deviation(half.deviation));
  EXPECT_EQ(of(kNow - kRatingPeriod / 2).deviation_at, kNow);
  // Three periods: the first two are in the deviation with which the third begins.
  const double onset = std::sqrt(60 * 60 + 2 * std::pow(0.06 * kPointsPerUnit, 2));
  const auto three = glicko2({1500, onset, 0.06}, {{1500, 60, 0.5}}, 1);
  EXPECT_EQ(of(kNow - 3 * kRatingPeriod).deviation, stored_deviation(three.deviation));
}

}  // namespace
}  // namespace mm::profile
