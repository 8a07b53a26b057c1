// Tests the properties that hold for any match in any rating system.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "services/profile/core/certainty.h"

namespace mm::profile {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));
constexpr RatingSystem kSystems[] = {RatingSystem::elo, RatingSystem::glicko2, RatingSystem::weng_lin};

RatingSystem any_system() {
  return *rc::gen::elementOf(std::vector<RatingSystem>(std::begin(kSystems), std::end(kSystems)));
}

Rated any_player() {
  Rated player;
  player.mmr = *rc::gen::inRange<Hundredths>(0, 400'000);
  player.games = *rc::gen::inRange<std::int64_t>(0, 60);
  player.deviation = *rc::gen::inRange<Hundredths>(kMinDeviation, kMaxDeviation + 1);
  player.volatility = *rc::gen::inRange<Billionths>(10'000'000, 100'000'001);
  if (*rc::gen::inRange(0, 5) > 0) {
    // The last match ended between years ago and after this match.
    player.deviation_at = kNow - std::chrono::hours(*rc::gen::inRange(-500, 100'000));
  }
  return player;
}

std::vector<Rated> any_side(std::size_t size) {
  std::vector<Rated> side;
  for (std::size_t i = 0; i < size; ++i) side.push_back(any_player());
  return side;
}

Sides any_sides(std::size_t sides_max, bool equal_sizes) {
  const auto count = *rc::gen::inRange<std::size_t>(2, sides_max + 1);
  const auto size = *rc::gen::inRange<std::size_t>(1, 7);
  Sides sides;
  for (std::size_t i = 0; i < count; ++i) {
    sides.push_back(any_side(equal_sizes ? size : *rc::gen::inRange<std::size_t>(1, 7)));
  }
  return sides;
}

MatchOutcome any_outcome(std::size_t sides) {
  const auto drawn = *rc::gen::inRange<std::size_t>(0, sides + 1);
  return {drawn == sides ? std::nullopt : std::optional(drawn), kNow, *rc::gen::inRange(0, 1'001)};
}

TEST(AnyRatingSystem, BetweenTwoAWinNeverLowersAndALossNeverRaises) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(2, true);
    const auto after = rate(any_system(), sides, {0, kNow, *rc::gen::inRange(0, 1'001)});
    for (std::size_t slot = 0; slot < sides[0].size(); ++slot) {
      RC_ASSERT(after[0][slot].mmr >= sides[0][slot].mmr);
      RC_ASSERT(after[1][slot].mmr <= sides[1][slot].mmr);
    }
  }));
}

TEST(AnyRatingSystem, TheWinnerOfManyNeverFalls) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(8, true);
    const auto system = any_system();
    const auto after = rate(system, sides, {0, kNow, 0});
    for (std::size_t slot = 0; slot < sides[0].size(); ++slot) RC_ASSERT(after[0][slot].mmr >= sides[0][slot].mmr);
  }));
}

TEST(AnyRatingSystem, WinningIsNeverWorseThanDrawingNorDrawingThanLosing) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(2, true);
    const auto system = any_system();
    const auto won = rate(system, sides, {0, kNow, 0});
    const auto drawn = rate(system, sides, {std::nullopt, kNow, 0});
    const auto lost = rate(system, sides, {1, kNow, 0});
    for (std::size_t slot = 0; slot < sides[0].size(); ++slot) {
      RC_ASSERT(won[0][slot].mmr >= drawn[0][slot].mmr);
      RC_ASSERT(drawn[0][slot].mmr >= lost[0][slot].mmr);
    }
  }));
}

TEST(AnyRatingSystem, AOneSidedWinIsNeverWorthLessThanANarrowOne) {
  EXPECT_TRUE(rc::check([] {
    // In Glicko-2 a surprise raises the volatility, which raises the deviation over time. Here no time has passed.
    auto sides = any_sides(2, true);
    for (auto& side : sides) {
      for (auto& player : side) player.deviation_at = kNow;
    }
    const auto system = any_system();
    const auto narrow = *rc::gen::inRange(0, 1'000);
    const auto wide = *rc::gen::inRange(narrow, 1'001);
    const auto by_little = rate(system, sides, {0, kNow, narrow});
    const auto by_much = rate(system, sides, {0, kNow, wide});
    for (std::size_t slot = 0; slot < sides[0].size(); ++slot) {
      RC_ASSERT(by_much[0][slot].mmr >= by_little[0][slot].mmr);
      RC_ASSERT(by_much[1][slot].mmr <= by_little[1][slot].mmr);
    }
  }));
}

TEST(AnyRatingSystem, DeviationsAndVolatilitiesStayWithinTheirBounds) {
  EXPECT_TRUE(rc::check([] {
    auto sides = any_sides(6, false);
    const auto system = any_system();
    const auto outcome = any_outcome(sides.size());
    for (int i = 0; i < 20; ++i) {
      sides = rate(system, sides, outcome);
      for (const auto& side : sides) {
        for (const auto& player : side) {
          RC_ASSERT(player.deviation >= kMinDeviation && player.deviation <= kMaxDeviation);
          RC_ASSERT(player.volatility >= 10'000'000 && player.volatility <= 100'000'000);
          RC_ASSERT(player.deviation_at >= kNow);
        }
      }
    }
  }));
}

TEST(AnyRatingSystem, TheOrderOfTheSidesDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(6, true);
    const auto system = any_system();
    RC_PRE(system != RatingSystem::elo ||
           sides.size() == 2);  // in Elo the last player gets the remainder of the rounding
    auto outcome = any_outcome(sides.size());
    const auto after = rate(system, sides, outcome);
    auto turned = sides;
    std::reverse(turned.begin(), turned.end());
    if (outcome.winner) outcome.winner = sides.size() - 1 - *outcome.winner;
    auto back = rate(system, turned, outcome);
    std::reverse(back.begin(), back.end());
    RC_ASSERT(back == after);
  }));
}

TEST(AnyRatingSystem, TheOrderWithinASideDoesNotMatter) {
  EXPECT_TRUE(rc::check([] {
    const auto sides = any_sides(6, true);
    const auto system = any_system();
    RC_PRE(system != RatingSystem::elo || sides.size() == 2);
    const auto outcome = any_outcome(sides.size());
    const auto after = rate(system, sides, outcome);
    auto turned = sides;
    for (auto& side : turned) std::reverse(side.begin(), side.end());
    auto back = rate(system, turned, outcome);
    for (auto& side : back) std::reverse(side.begin(), side.end());
    RC_ASSERT(back == after);
  }));
}

TEST(AnyRatingSystem, EqualSidesMirrorEachOther) {
  EXPECT_TRUE(rc::check([] {
    const auto side = any_side(*rc::gen::inRange<std::size_t>(1, 7));
    const auto system = any_system();
    const auto after = rate(system, {side, side}, {0, kNow, *rc::gen::inRange(0, 1'001)});
    for (std::size_t slot = 0; slot < side.size(); ++slot) {
      RC_ASSERT(after[0][slot].mmr - side[slot].mmr == side[slot].mmr - after[1][slot].mmr);
      RC_ASSERT(after[0][slot].deviation == after[1][slot].deviation);
    }
  }));
}

TEST(AnyRatingSystem, ADrawBetweenEqualsChangesOnlyTheDeviation) {
  EXPECT_TRUE(rc::check([] {
    const auto player = any_player();
    const auto size = *rc::gen::inRange<std::size_t>(1, 7);
    const auto count = *rc::gen::inRange<std::size_t>(2, 7);
    const auto after = rate(any_system(), Sides(count, std::vector<Rated>(size, player)), {std::nullopt, kNow, 500});
    for (const auto& side : after) {
      for (const auto& drawn : side) {
        RC_ASSERT(drawn.mmr == player.mmr);
        RC_ASSERT(drawn.games == player.games);
      }
    }
  }));
}

TEST(AnyRatingSystem, AMatchBetweenUncertainPlayersLowersTheDeviation) {
  EXPECT_TRUE(rc::check([] {
    // The players have just played, so their deviations have not grown.
    Rated player;
    player.mmr = *rc::gen::inRange<Hundredths>(100'000, 200'000);
    player.games = 100;
    player.deviation = *rc::gen::inRange<Hundredths>(12'000, 30'000);
    player.deviation_at = kNow;
    const auto after = rate(any_system(), {{player}, {player}}, {0, kNow, 0});
    RC_ASSERT(after[0][0].deviation < player.deviation);
    RC_ASSERT(after[1][0].deviation < player.deviation);
  }));
}

TEST(AnyRatingSystem, LessCertainPlayersChangeMoreWhereDeviationsCount) {
  EXPECT_TRUE(rc::check([] {
    auto sides = any_sides(2, true);
    const auto system = *rc::gen::element(RatingSystem::glicko2, RatingSystem::weng_lin);
    auto& player = sides[0][0];
    player.deviation = *rc::gen::inRange<Hundredths>(kMinDeviation, 20'000);
    player.deviation_at = kNow;
    const auto known = rate(system, sides, {0, kNow, 0})[0][0].mmr - player.mmr;
    player.deviation += 10'000;
    const auto unknown = rate(system, sides, {0, kNow, 0})[0][0].mmr - player.mmr;
    RC_ASSERT(unknown >= known);
  }));
}

}  // namespace
}  // namespace mm::profile
