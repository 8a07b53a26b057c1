// Tests Elo with examples worked by hand, and the properties that hold for any match.
#include "services/profile/core/rating.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdlib>

#include "services/profile/core/elo.h"

namespace mm::profile {
namespace {

constexpr std::int64_t kNew = 0;
constexpr std::int64_t kOld = 30;

/// One number for each player, in the shape of the Sides.
using Changes = std::vector<std::vector<Hundredths>>;

Changes elo(const Sides& sides, std::optional<std::size_t> winner, int margin = 0) {
  const auto after = rate(RatingSystem::elo, sides, {winner, TimePoint{}, margin});
  Changes changes;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    auto& own = changes.emplace_back();
    for (std::size_t slot = 0; slot < sides[i].size(); ++slot) own.push_back(after[i][slot].mmr - sides[i][slot].mmr);
  }
  return changes;
}

struct Example {
  const char* name;
  Sides sides;
  std::optional<std::size_t> winner;
  Changes expected;
};

TEST(Elo, MatchesExamplesWorkedByHand) {
  const Example examples[] = {
      // K = 40, expected 0.5.
      {"equal, both new", {{{150000, kNew}}, {{150000, kNew}}}, 0, {{2000}, {-2000}}},
      {"equal, both new, draw", {{{150000, kNew}}, {{150000, kNew}}}, std::nullopt, {{0}, {0}}},
      {"equal, both old", {{{150000, kOld}}, {{150000, kOld}}}, 1, {{-1000}, {1000}}},
      {"29 games are under 30", {{{150000, 29}}, {{150000, 29}}}, 0, {{2000}, {-2000}}},
      // One K: the mean of 40 and 20.
      {"new against old", {{{150000, kNew}}, {{150000, kOld}}}, 0, {{1500}, {-1500}}},
      // 1 / (1 + 10^(-100/400)) = 0.640065.
      {"favourite wins", {{{160000, kOld}}, {{150000, kOld}}}, 0, {{720}, {-720}}},
      {"favourite loses", {{{160000, kOld}}, {{150000, kOld}}}, 1, {{-1280}, {1280}}},
      {"favourite draws", {{{160000, kOld}}, {{150000, kOld}}}, std::nullopt, {{-280}, {280}}},
      // 1 / (1 + 10^(-400/400)) = 0.909091.
      {"400 points", {{{190000, kOld}}, {{150000, kOld}}}, 1, {{-1818}, {1818}}},
      // Means 1550 and 1500: 0.571463. K = (40 + 20 + 20 + 20) / 4 = 25. 25 * 0.428537 = 10.7134.
      {"two against two",
       {{{160000, kNew}, {150000, kOld}}, {{150000, kOld}, {150000, kOld}}},
       0,
       {{1071, 1071}, {-1071, -1071}}},
      // The smaller side gains 20.00; each of the two others loses 10.00.
      {"one against two", {{{150000, kNew}}, {{150000, kNew}, {150000, kNew}}}, 0, {{2000}, {-1000, -1000}}},
      // 20 * 0.359935 = 7.1987 for one, 3.5994 from each of two: 720 - 2 * 360 has no remainder.
      {"one against two, unequal", {{{160000, kOld}}, {{150000, kOld}, {150000, kOld}}}, 0, {{720}, {-360, -360}}},
      // 20 * 0.640065 = 12.8013 from one, 4.2671 to each of three: 1280 - 3 * 427 = -1 goes to the last player.
      {"one against three, unequal",
       {{{160000, kOld}}, {{150000, kOld}, {150000, kOld}, {150000, kOld}}},
       1,
       {{-1280}, {427, 427, 426}}},
      // The winner beats two, who draw: (20 + 20) / 2, (-20 + 0) / 2.
      {"three sides", {{{150000, kNew}}, {{150000, kNew}}, {{150000, kNew}}}, 0, {{2000}, {-1000}, {-1000}}},
      {"three sides, draw", {{{150000, kNew}}, {{150000, kNew}}, {{150000, kNew}}}, std::nullopt, {{0}, {0}, {0}}},
      // Four: (3 * 20) / 3 and -20 / 3 = -6.6667; 2000 - 3 * 667 = -1 goes to the last player.
      {"four sides, with a remainder",
       {{{150000, kNew}}, {{150000, kNew}}, {{150000, kNew}}, {{150000, kNew}}},
       0,
       {{2000}, {-667}, {-667}, {-666}}},
  };
  for (const auto& example : examples) EXPECT_EQ(elo(example.sides, example.winner), example.expected) << example.name;
}

TEST(Elo, CountsAOneSidedMatchAsMoreThanOneGame) {
  const Sides equal{{{150000, kOld}}, {{150000, kOld}}};
  EXPECT_EQ(elo(equal, 0, 1000), (Changes{{2000}, {-2000}}));
  EXPECT_EQ(elo(equal, 1, 500), (Changes{{-1500}, {1500}}));
  EXPECT_EQ(elo(equal, std::nullopt, 1000), (Changes{{0}, {0}})) << "a draw has no margin";
  // Favourite by 200: 20 * (1 - 0.759747) * (1 + 2.2 / 2.4) = 9.2097.
  EXPECT_EQ(elo({{{170000, kOld}}, {{150000, kOld}}}, 0, 1000), (Changes{{921}, {-921}}));
}

TEST(Elo, DerivesTheDeviationFromTheErrorsOfTheRatings) {
  const auto deviations = [](const Sides& sides, std::optional<std::size_t> winner) {
    const auto after = rate(RatingSystem::elo, sides, {winner, TimePoint{}, 0});
    std::vector<Hundredths> all;
    for (const auto& side : after) {
      for (const auto& player : side) all.push_back(player.deviation);
    }
    return all;
  };
  // K = 40, both new: elo.h has the numbers.
  EXPECT_EQ(deviations({{{150000, kNew}}, {{150000, kNew}}}, 0), (std::vector<Hundredths>{33960, 33960}));
  // Against a player with a deviation of 30, K = 30: var(D) = 123400, g = 0.66814, 122500 (1 - 0.0576921) + 225 =
  // 115657.7. The deviation of that player grows a little: 900 (1 - 0.0576921) + 225 = 1073.1.
  EXPECT_EQ(deviations({{{150000, kNew}}, {{150000, kOld, 3000}}}, 0), (std::vector<Hundredths>{34009, 3276}));
  // In two against two a result says less about each player, though the gap is less uncertain: g = 0.66910,
  // 122500 (1 - 0.0385160) + 400 = 118181.8.
  EXPECT_EQ(deviations({{{150000, kNew}, {150000, kNew}}, {{150000, kNew}, {150000, kNew}}}, 0),
            (std::vector<Hundredths>{34378, 34378, 34378, 34378}));
  // The deviation does not depend on the winner.
  EXPECT_EQ(deviations({{{160000, kOld, 9000}}, {{150000, kNew, 20000}}}, 0),
            deviations({{{160000, kOld, 9000}}, {{150000, kNew, 20000}}}, std::nullopt));
}

TEST(Elo, DeviationsConvergeToTheLimitOfTheirFormula) {
  const auto settled = [](std::size_t size, std::int64_t games) {
    Sides sides(2, std::vector<Rated>(size, Rated{150000, games}));
    for (int i = 0; i < 3'000; ++i) {
      sides = rate(RatingSystem::elo, sides, {std::nullopt, TimePoint{}, 0});
    }
    return to_points(sides[0][0].deviation);
  };
  // sqrt(n K / (2 g ln 10 / 400)); rounding to hundredths stops a little above this limit.
  EXPECT_NEAR(settled(1, kOld), 42.05, 0.2);
  EXPECT_NEAR(settled(5, kOld), 94.02, 0.7);
}

TEST(Elo, ExpectsTheScoresOfElosTables) {
  EXPECT_DOUBLE_EQ(expected_score(1500, 1500), 0.5);
  EXPECT_NEAR(expected_score(1600, 1500), 0.640065, 1e-6);
  EXPECT_NEAR(expected_score(1900, 1500), 10.0 / 11, 1e-12);
}

TEST(Rating, ShowsWholePointsWithHalvesRoundedUp) {
  EXPECT_EQ(shown_points(150'000), 1500);
  EXPECT_EQ(shown_points(150'049), 1500);
  EXPECT_EQ(shown_points(150'050), 1501);
  EXPECT_EQ(shown_points(0), 0);
  EXPECT_EQ(shown_points(-50), 0);
  EXPECT_EQ(shown_points(-51), -1);
  EXPECT_EQ(shown_points(-150), -1);
  EXPECT_EQ(shown_points(-151), -2);
}

rc::Gen<Rated> any_player() {
  return rc::gen::apply(
      [](Hundredths mmr, std::int64_t games) {
        return Rated{mmr, games};
      },
      rc::gen::inRange<Hundredths>(0, 400'000), rc::gen::inRange<std::int64_t>(0, 60));
}

Sides any_sides(std::size_t sides_max, bool equal_sizes) {
  const auto sides = *rc::gen::inRange<std::size_t>(2, sides_max + 1);
  const auto size = *rc::gen::inRange<std::size_t>(1, 7);
  Sides all;
  for (std::size_t i = 0; i < sides; ++i) {
    const auto own = equal_sizes ? size : *rc::gen::inRange<std::size_t>(1, 7);
    all.push_back(*rc::gen::container<std::vector<Rated>>(own, any_player()));
  }
  return all;
}

std::optional<std::size_t> any_winner(std::size_t sides) {
  const auto drawn = *rc::gen::inRange<std::size_t>(0, sides + 1);
  return drawn == sides ? std::nullopt : std::optional(drawn);
}

Hundredths sum_of(const Changes& changes) {
  Hundredths sum = 0;
  for (const auto& side : changes) {
    for (auto change : side) sum += change;
  }
  return sum;
}

TEST(EloProperties, TheSumIsZeroForAnySides) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(16, false);
    const auto changes = elo(sides, any_winner(sides.size()));
    RC_ASSERT(sum_of(changes) == 0);
    RC_ASSERT(changes.size() == sides.size());
    for (std::size_t i = 0; i < sides.size(); ++i) RC_ASSERT(changes[i].size() == sides[i].size());
  }));
}

TEST(EloProperties, TwoSidesOfEqualSizeChangeOppositelyWithoutARemainder) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(2, true);
    const auto changes = elo(sides, any_winner(2));
    for (std::size_t i = 0; i < changes[0].size(); ++i) {
      RC_ASSERT(changes[0][i] == changes[0][0]);
      RC_ASSERT(changes[1][i] == -changes[0][0]);
    }
  }));
}

TEST(EloProperties, TheOrderOfTheSidesDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(2, false);
    const auto winner = any_winner(2);
    const auto changes = elo(sides, winner);
    const auto turned = elo({sides[1], sides[0]}, winner ? std::optional(1 - *winner) : std::nullopt);
    RC_ASSERT(turned[1].front() == changes[0].front() || sides[0].size() == 1);
    RC_ASSERT(turned[0].front() == changes[1].front() || sides[1].size() == 1);
  }));
}

TEST(EloProperties, NoRatingChangesByMoreThanK) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(2, true);
    for (const auto& side : elo(sides, any_winner(2))) {
      for (auto change : side) RC_ASSERT(std::llabs(change) <= 4000);
    }
  }));
}

TEST(EloProperties, WinningIsNeverWorseThanDrawingNorDrawingThanLosing) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(6, true);
    const auto won = elo(sides, 0);
    const auto drawn = elo(sides, std::nullopt);
    const auto lost = elo(sides, 1);
    RC_ASSERT(won[0][0] > drawn[0][0]);
    RC_ASSERT(drawn[0][0] > lost[0][0]);
    RC_ASSERT(won[0][0] >= 0);
  }));
}

TEST(EloProperties, ABetterOpponentIsWorthMore) {
  EXPECT_TRUE(rc::check([] {
    auto sides = any_sides(2, true);
    const auto winner = any_winner(2);
    const auto before = elo(sides, winner)[0][0];
    for (auto& player : sides[1]) player.mmr += *rc::gen::inRange<Hundredths>(0, 50'000);
    RC_ASSERT(elo(sides, winner)[0][0] >= before);
  }));
}

TEST(EloProperties, OnlyTheMeanOfASideCounts) {
  EXPECT_TRUE(rc::check([] {
    auto sides = any_sides(2, true);
    const auto winner = any_winner(2);
    const auto before = elo(sides, winner);
    const auto moved = *rc::gen::inRange<Hundredths>(0, 10'000);
    sides[0].front().mmr += moved;
    sides[0].back().mmr -= moved;
    RC_ASSERT(elo(sides, winner) == before);
  }));
}

}  // namespace
}  // namespace mm::profile
