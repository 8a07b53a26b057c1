// Tests what all rating systems share: the growth of deviations, and how many games a match counts as.
#include "services/profile/core/certainty.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/contracts/deviation.h"
#include "services/profile/core/margin.h"
#include "services/profile/team_scores.h"

namespace mm::profile {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));
constexpr auto kDay = std::chrono::hours(24);

Rated settled(Hundredths deviation) { return {150'000, 100, deviation, kInitialVolatility, kNow}; }

TEST(Deviation, GrowsFrom60To110InAYear) {
  EXPECT_NEAR(grown_deviation(settled(6'000), kNow + kDay * 365), 110, 0.1);
  EXPECT_NEAR(deviation_growth(settled(6'000)), 4.825, 0.0005);
}

TEST(Deviation, GrowsAsInGlicko2OverWholePeriods) {
  for (int periods : {0, 1, 2, 10, 100}) {
    const double phi = 60 / kPointsPerUnit;
    EXPECT_NEAR(grown_deviation(settled(6'000), kNow + periods * kRatingPeriod),
                kPointsPerUnit * std::sqrt(phi * phi + periods * 0.06 * 0.06), 1e-9);
  }
}

TEST(Deviation, NeverGrowsBeyondThatOfANewPlayerNorShrinksWithTime) {
  EXPECT_EQ(grown_deviation(settled(6'000), kNow + kDay * 365 * 15), 350);
  EXPECT_LT(grown_deviation(settled(6'000), kNow + kDay * 365 * 13), 350);
  EXPECT_EQ(grown_deviation(settled(6'000), kNow - kDay * 365), 60);
  EXPECT_EQ(grown_deviation(Rated{}, kNow + kDay * 365), 350);
  const Rated never{150'000, 3, 9'000, kInitialVolatility, std::nullopt};
  EXPECT_EQ(grown_deviation(never, kNow), 90);
}

TEST(Deviation, GrowsFasterWithAHigherVolatility) {
  auto erratic = settled(6'000);
  erratic.volatility = 90'000'000;
  EXPECT_NEAR(deviation_growth(erratic), 1.5 * deviation_growth(settled(6'000)), 1e-9);
}

TEST(Deviation, GrowsTheSameInOneStepAsInTwo) {
  const double growth = deviation_growth(settled(6'000));
  const double halfway = deviation_after(60, growth, kDay * 50);
  EXPECT_NEAR(deviation_after(halfway, growth, kDay * 50), deviation_after(60, growth, kDay * 100), 1e-9);
}

TEST(Deviation, IsStoredWithinItsBounds) {
  EXPECT_EQ(stored_deviation(1), kMinDeviation);
  EXPECT_EQ(stored_deviation(351), kMaxDeviation);
  EXPECT_EQ(stored_deviation(151.5165), 15'152);
}

using Scores = std::vector<std::optional<double>>;

TEST(Margin, IsTheLeadAsAPartOfBothScores) {
  EXPECT_EQ(margin_of(Scores{13, 11}, 0, 1), 83);
  EXPECT_EQ(margin_of(Scores{13, 2}, 0, 1), 733);
  EXPECT_EQ(margin_of(Scores{0, 3}, 1, 1), 1000);
  EXPECT_EQ(margin_of(Scores{0, 3}, 1, 0.5), 500);
  EXPECT_EQ(margin_of(Scores{30, 20, 10}, 0, 1), 200) << "over the best other side";
}

TEST(Margin, IsZeroWhereItIsUnknown) {
  EXPECT_EQ(margin_of(Scores{13, 2}, std::nullopt, 1), 0) << "a draw";
  EXPECT_EQ(margin_of(Scores{13, std::nullopt}, 0, 1), 0);
  EXPECT_EQ(margin_of(Scores{13, -2}, 0, 1), 0);
  EXPECT_EQ(margin_of(Scores{2, 13}, 0, 1), 0) << "the side with the higher score gave up";
  EXPECT_EQ(margin_of(Scores{0, 0}, 0, 1), 0);
  EXPECT_EQ(margin_of(Scores{13, 2}, 0, 0), 0);
  EXPECT_EQ(margin_of(Scores{13, 2}, 2, 1), 0);
  constexpr double kHuge = std::numeric_limits<double>::max();
  EXPECT_EQ(margin_of(Scores{kHuge, kHuge / 2}, 0, 1), 333);
  EXPECT_EQ(margin_of(Scores{std::numeric_limits<double>::denorm_min(), 0}, 0, 1), 1000);
}

TEST(Margin, MakesAMatchCountAsMoreThanOne) {
  const auto weight = [](Hundredths winner, Hundredths loser, int margin) {
    return match_weight({{{winner}}, {{loser}}}, {0, kNow, margin});
  };
  EXPECT_EQ(weight(150'000, 150'000, 0), 1);
  EXPECT_DOUBLE_EQ(weight(150'000, 150'000, 733), 1.733);
  EXPECT_NEAR(weight(170'000, 150'000, 733), 1.672, 0.0005) << "favourites win by larger margins";
  EXPECT_NEAR(weight(150'000, 170'000, 733), 1.806, 0.0005);
  EXPECT_NEAR(weight(-900'000, 900'000, 1000), 1 + 2.2 / 1.2, 1e-9) << "the lead is limited";
  EXPECT_EQ(match_weight({{{150'000}}, {{150'000}}}, {std::nullopt, kNow, 733}), 1);
}

MatchCompleted match_with(const std::vector<std::vector<std::string>>& stats) {
  MatchCompleted match;
  match.winning_team = 0;
  for (const auto& team : stats) {
    auto& players = match.teams.emplace_back();
    for (const auto& text : team) players.emplace_back().stats.text = text;
  }
  return match;
}

TEST(TeamScores, AddUpTheStatOfTheMode) {
  const auto rounds = *StatName::parse("rounds");
  EXPECT_EQ(team_scores(match_with({{R"({"rounds":13})"}, {R"({"rounds":2.5,"kills":9})"}}), rounds),
            (Scores{13, 2.5}));
  EXPECT_EQ(team_scores(match_with({{R"({"rounds":5})", R"({})", R"({"rounds":4})"}, {"{}"}}), rounds),
            (Scores{9, std::nullopt}));
  EXPECT_EQ(team_scores(match_with({{R"({"rounds":"13"})"}, {R"({"rounds":null})"}, {"[]"}, {"{"}}), rounds),
            (Scores{std::nullopt, std::nullopt, std::nullopt, std::nullopt}));
}

TEST(TeamScores, CountOnlyInModesWithAMarginStat) {
  const auto match = match_with({{R"({"rounds":13})"}, {R"({"rounds":2})"}});
  ModeRules rules;
  EXPECT_EQ(margin_between(match, &rules), 0);
  EXPECT_EQ(margin_between(match, nullptr), 0);
  rules.margin_stat = StatName::parse("rounds");
  EXPECT_EQ(margin_between(match, &rules), 733);
  rules.margin_weight = 0.5;
  EXPECT_EQ(margin_between(match, &rules), 367);
  rules.rated = false;
  EXPECT_EQ(margin_between(match, &rules), 0);
  rules.rated = true;
  auto drawn = match;
  drawn.winning_team.reset();
  EXPECT_EQ(margin_between(drawn, &rules), 0);
}

}  // namespace
}  // namespace mm::profile
