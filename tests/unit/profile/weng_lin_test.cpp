// Tests the Plackett-Luce model with values from the tests of the openskill libraries: openskill.js
// (github.com/philihp/openskill.js, src/models/__tests__/plackett-luce.test.ts) and, for ties, openskill.py
// (github.com/vivekjoshy/openskill.py, tests/models/data/plackettluce.json).
#include "services/profile/core/weng_lin.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mm::profile {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));
const Skill kNew{};

struct Example {
  const char* name;
  std::vector<std::vector<Skill>> sides;
  std::vector<int> ranks;
  std::vector<Skill> expected;  ///< one per side, whose players are equal
};

void expect_example(const Example& example) {
  const auto after = plackett_luce(example.sides, example.ranks);
  ASSERT_EQ(after.size(), example.expected.size()) << example.name;
  for (std::size_t i = 0; i < after.size(); ++i) {
    ASSERT_EQ(after[i].size(), example.sides[i].size());
    for (const auto& player : after[i]) {
      EXPECT_NEAR(player.mu, example.expected[i].mu, 1e-12) << example.name << " " << i;
      EXPECT_NEAR(player.sigma, example.expected[i].sigma, 1e-12) << example.name << " " << i;
    }
  }
}

TEST(WengLin, GivesThePublishedValuesOfOpenskillJs) {
  const std::vector<Skill> one(1);
  const std::vector<Skill> two(2);
  const std::vector<Skill> three(3);
  expect_example({"2 players",
                  {one, one},
                  {1, 2},
                  {{27.63523138347365, 8.065506316323548}, {22.36476861652635, 8.065506316323548}}});
  expect_example({"3 players",
                  {one, one, one},
                  {1, 2, 3},
                  {{27.868876552746237, 8.204837030780652},
                   {25.717219138186557, 8.057829747583874},
                   {21.413904309067206, 8.057829747583874}}});
  expect_example({"4 players",
                  {one, one, one, one},
                  {1, 2, 3, 4},
                  {{27.795084971874736, 8.263160757613477},
                   {26.552824984374855, 8.179213704945203},
                   {24.68943500312503, 8.083731307186588},
                   {20.96265504062538, 8.083731307186588}}});
  expect_example({"5 players",
                  {one, one, one, one, one},
                  {1, 2, 3, 4, 5},
                  {{27.666666666666668, 8.290556877154474},
                   {26.833333333333332, 8.240145629781066},
                   {25.72222222222222, 8.179996679645559},
                   {24.055555555555557, 8.111796013701358},
                   {20.72222222222222, 8.111796013701358}}});
  expect_example({"teams of three, one and two",
                  {three, one, two},
                  {1, 2, 3},
                  {{25.939870821784513, 8.247641552260456},
                   {27.21366020491262, 8.274321317985242},
                   {21.84646897330287, 8.213058173195341}}});
}

TEST(WengLin, GivesThePublishedValuesOfOpenskillPy) {
  // The tau of openskill.py, 25/300 per match, is added to the deviation beforehand.
  const Skill player{31.321989232514305, std::hypot(11.379964801443018, 25.0 / 300)};
  const std::vector<Skill> one(1, player);
  const std::vector<Skill> two(2, player);
  const std::vector<Skill> three(3, player);
  expect_example({"one wins",
                  {one, two},
                  {1, 2},
                  {{36.48967347401391, 11.237778601372977}, {26.154304991014694, 11.17822477763209}}});
  expect_example({"two win",
                  {one, two},
                  {2, 1},
                  {{30.19454401757094, 11.237778601372977}, {32.44943444745767, 11.17822477763209}}});
  expect_example({"a tie for the first place",
                  {one, two, three},
                  {1, 2, 1},
                  {{33.21874815457553, 11.354896725884002},
                   {30.27713112192334, 11.291328826858104},
                   {30.470088421044046, 11.249240904583088}}});
}

TEST(WengLin, AMatchThatCountsTwiceChangesTwiceAsMuch) {
  const auto once = plackett_luce({{kNew}, {kNew}}, {1, 2});
  PlackettLuce model;
  model.weight = 2;
  const auto twice = plackett_luce({{kNew}, {kNew}}, {1, 2}, model);
  EXPECT_NEAR(twice[0][0].mu - 25, 2 * (once[0][0].mu - 25), 1e-12);
  EXPECT_NEAR(twice[0][0].sigma * kNew.sigma, once[0][0].sigma * once[0][0].sigma, 1e-12);
}

TEST(WengLin, RatesInPoints) {
  const auto rated = [](const Sides& sides, std::optional<std::size_t> winner) {
    return rate(RatingSystem::weng_lin, sides, {winner, kNow, 0});
  };
  const auto first = rated({{Rated{}}, {Rated{}}}, 0);
  EXPECT_EQ(first[0][0].mmr, 168'934);
  EXPECT_EQ(first[1][0].mmr, 131'066);
  EXPECT_EQ(first[0][0].deviation, 29'437);
  EXPECT_EQ(first[0][0].deviation_at, kNow);
  EXPECT_EQ(first[0][0].volatility, kInitialVolatility);

  // 1600 (80) and 1450 (120) against 1520 (60) and 1490 (300): the least certain player changes most.
  const Sides sides{{{160'000, 9, 8'000}, {145'000, 9, 12'000}}, {{152'000, 9, 6'000}, {149'000, 9, 30'000}}};
  const auto lost = rated(sides, 1);
  EXPECT_EQ(lost[0][0].mmr, 158'895);
  EXPECT_EQ(lost[0][1].mmr, 142'514);
  EXPECT_EQ(lost[1][0].mmr, 152'621);
  EXPECT_EQ(lost[1][1].mmr, 164'535);
  EXPECT_EQ(lost[1][1].deviation, 26'230);
  const auto drawn = rated(sides, std::nullopt);
  EXPECT_EQ(drawn[0][0].mmr, 159'933);
  EXPECT_EQ(drawn[1][1].mmr, 149'945);
  EXPECT_EQ(drawn[0][1].deviation, 11'772);
}

TEST(WengLin, PlayersWithCertainRatingsWinAsOftenAsInElo) {
  // The expected score at 100 points less is 0.36, so a win gains 1 - 0.36 and a loss costs 0.36 of the same amount.
  const Sides sides{{{150'000, 9, kMinDeviation, kInitialVolatility, kNow}},
                    {{160'000, 9, kMinDeviation, kInitialVolatility, kNow}}};
  const auto won = rate(RatingSystem::weng_lin, sides, {0, kNow, 0})[0][0].mmr - 150'000;
  const auto lost = 150'000 - rate(RatingSystem::weng_lin, sides, {1, kNow, 0})[0][0].mmr;
  EXPECT_EQ(won, 328);
  EXPECT_NEAR(static_cast<double>(lost) / static_cast<double>(won + lost), 1 / (1 + std::pow(10, 0.25)), 0.005);
}

TEST(WengLin, ChangesPlayersMoreAfterALongAbsence) {
  const auto moved = [](TimePoint last) {
    const Rated player{150'000, 90, 6'000, kInitialVolatility, last};
    const Rated other{150'000, 90, 6'000, kInitialVolatility, kNow};
    return rate(RatingSystem::weng_lin, {{player}, {other}}, {0, kNow, 0})[0][0];
  };
  const auto year = std::chrono::hours(24 * 365);
  EXPECT_EQ(moved(kNow).mmr, 151'001);
  EXPECT_EQ(moved(kNow).deviation, 5'916);
  // The deviation has grown from 60 to 110.
  EXPECT_NEAR(to_points(moved(kNow - year).mmr), 1532.38, 0.05);
  EXPECT_NEAR(to_points(moved(kNow - year).deviation), 105.16, 0.05);
}

TEST(WengLin, StaysFiniteForAnyRatings) {
  const auto after =
      rate(RatingSystem::weng_lin,
           {{{-2'000'000}}, {{2'000'000, 0, 3'000}}, {{0, 0, 3'000}}, {{100'000'000, 0, 3'000}}}, {2, kNow, 0});
  for (const auto& side : after) {
    EXPECT_LE(std::llabs(side[0].mmr), 200'000'000);
    EXPECT_GE(side[0].deviation, kMinDeviation);
  }
}

}  // namespace
}  // namespace mm::profile
