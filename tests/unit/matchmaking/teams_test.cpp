// Tests of choosing party sizes that fill the teams, and of splitting tickets into even teams.
#include "services/matchmaker/matching/teams/splitter.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace mm::matching {
namespace {

SizeCounts counts(std::initializer_list<int> by_size, int team_size) {
  SizeCounts made(static_cast<std::size_t>(team_size) + 1);
  std::size_t size = 1;
  for (const int count : by_size) made[size++] = static_cast<std::uint16_t>(count);
  return made;
}

TEST(FillingTeams, NeedsSizesThatSumUpOnBothSides) {
  TeamFiller fill(2, 5);
  SizeCounts chosen;
  EXPECT_FALSE(fill.choose(counts({0, 0, 1, 1, 1}, 5), 0, chosen))
      << "parties of 5, 3 and 4 make at best a team of 5 and a team of 7";
  EXPECT_TRUE(fill.choose(counts({2, 0, 1, 0, 1}, 5), 0, chosen));
  EXPECT_EQ(chosen, counts({2, 0, 1, 0, 1}, 5));
  EXPECT_FALSE(fill.choose(counts({0, 0, 100, 0, 0}, 5), 0, chosen));
  EXPECT_TRUE(fill.choose(counts({0, 50, 100, 0, 0}, 5), 3, chosen));
  EXPECT_EQ(chosen, counts({0, 2, 2, 0, 0}, 5));
}

TEST(FillingTeams, UsesTheSizeThatMustPlay) {
  TeamFiller fill(2, 3);
  SizeCounts chosen;
  EXPECT_TRUE(fill.choose(counts({6, 1, 2}, 3), 2, chosen));
  EXPECT_EQ(chosen[2], 1);
  EXPECT_FALSE(fill.choose(counts({0, 1, 2}, 3), 2, chosen));
}

TEST(FillingTeams, WorksForTheLargestTeams) {
  TeamFiller fill(16, 100);
  SizeCounts available(101);
  available[1] = 1600;
  SizeCounts chosen;
  ASSERT_TRUE(fill.choose(available, 1, chosen));
  EXPECT_EQ(chosen[1], 1600);
  available[1] = 1599;
  EXPECT_FALSE(fill.choose(available, 1, chosen));
  std::vector<SizeCounts> teams;
  available[1] = 1600 - 10 * 16;
  available[10] = 16;
  EXPECT_TRUE(fill.distribute(available, teams));
}

// Tries every way to put these tickets into two teams.
bool two_teams_exist(const std::vector<int>& sizes, int team_size, int must) {
  std::size_t ways = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) ways *= 3;
  for (std::size_t way = 0; way < ways; ++way) {
    int players[3] = {0, 0, 0};
    bool has_must = must == 0;
    std::size_t rest = way;
    for (const int size : sizes) {
      players[rest % 3] += size;
      has_must = has_must || (rest % 3 > 0 && size == must);
      rest /= 3;
    }
    if (has_must && players[1] == team_size && players[2] == team_size) return true;
  }
  return false;
}

RC_GTEST_PROP(FillingTeams, AgreesWithExhaustiveSearch, ()) {
  const int team_size = *rc::gen::inRange(1, 7);
  const auto sizes = *rc::gen::container<std::vector<int>>(8, rc::gen::inRange(1, team_size + 1));
  const int must = *rc::gen::inRange(0, team_size + 1);
  SizeCounts available(static_cast<std::size_t>(team_size) + 1);
  for (const int size : sizes) ++available[static_cast<std::size_t>(size)];
  TeamFiller fill(2, team_size);
  SizeCounts chosen;
  for (int again = 0; again < 2; ++again) {  // the second answer comes from the cache
    RC_ASSERT(fill.choose(available, must, chosen) == two_teams_exist(sizes, team_size, must));
  }
}

std::vector<Unit> units(std::initializer_list<std::pair<int, int>> rating_and_size) {
  std::vector<Unit> made;
  for (const auto& [rating, size] : rating_and_size) made.push_back({rating * kUnitsPerPoint, size});
  return made;
}

TEST(SplittingTeams, MakesThemEven) {
  Splitter splitter(2, 2);
  std::vector<std::uint8_t> team_of;
  ASSERT_TRUE(splitter.split(units({{1000, 1}, {1100, 1}, {1200, 1}, {1300, 1}}), team_of));
  EXPECT_EQ(team_of, (std::vector<std::uint8_t>{0, 1, 1, 0}));
  EXPECT_EQ(splitter.gap(units({{1000, 1}, {1100, 1}, {1200, 1}, {1300, 1}})), 0);
}

TEST(SplittingTeams, NeverSplitsAParty) {
  Splitter splitter(2, 3);
  std::vector<std::uint8_t> team_of;
  ASSERT_TRUE(splitter.split(units({{1000, 2}, {1500, 3}, {2000, 1}}), team_of));
  EXPECT_EQ(team_of, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_FALSE(splitter.split(units({{1000, 2}, {1500, 2}, {2000, 2}}), team_of));
  EXPECT_EQ(splitter.gap(units({{1000, 2}, {1500, 2}, {2000, 2}})), -1);
}

TEST(SplittingTeams, BreaksTiesByPremadesAndThenBySpread) {
  Splitter splitter(2, 4);
  std::vector<std::uint8_t> team_of;
  // All ratings are equal. The two parties of 2 go to different teams.
  ASSERT_TRUE(splitter.split(units({{1500, 2}, {1500, 2}, {1500, 1}, {1500, 1}, {1500, 1}, {1500, 1}}), team_of));
  EXPECT_NE(team_of[0], team_of[1]);
  // Two splits are even. The one with the smaller spread within the teams is chosen.
  Splitter pairs(2, 2);
  ASSERT_TRUE(pairs.split(units({{1400, 1}, {1600, 1}, {1500, 1}, {1500, 1}}), team_of));
  EXPECT_EQ(team_of, (std::vector<std::uint8_t>{0, 0, 1, 1}));
}

std::int64_t least_gap_by_search(const std::vector<Unit>& all, int team_size) {
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (std::uint32_t mask = 0; mask < 1U << all.size(); ++mask) {
    int players = 0;
    std::int64_t difference = 0;
    int total = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const bool inside = (mask >> i & 1U) != 0;
      players += inside ? all[i].size : 0;
      total += all[i].size;
      difference += inside ? all[i].strength() : -all[i].strength();
    }
    if (players == team_size && total == 2 * team_size) least = std::min<std::int64_t>(least, std::llabs(difference));
  }
  return least;
}

RC_GTEST_PROP(SplittingTeams, IsExactForUpToSixteenUnits, ()) {
  const int team_size = *rc::gen::inRange(1, 9);
  std::vector<Unit> all;
  for (int side = 0; side < 2; ++side) {
    for (int room = team_size; room > 0;) {
      const int size = *rc::gen::inRange(1, room + 1);
      all.push_back({*rc::gen::inRange(800, 2200) * kUnitsPerPoint, size});
      room -= size;
    }
  }
  if (all.size() > 14) RC_DISCARD("too many units for the exhaustive search");
  Splitter splitter(2, team_size);
  const std::int64_t least = least_gap_by_search(all, team_size);
  RC_ASSERT(splitter.gap(all) == least);
  std::vector<std::uint8_t> team_of;
  RC_ASSERT(splitter.split(all, team_of));
  std::int64_t difference = 0;
  int players = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    difference += team_of[i] == 0 ? all[i].strength() : -all[i].strength();
    players += team_of[i] == 0 ? all[i].size : 0;
  }
  RC_ASSERT(players == team_size);
  RC_ASSERT(std::llabs(difference) == least);
}

/// Splits and checks the team sizes. Returns the gap between the strongest and the weakest team, in points per player.
double check_split(int teams, int team_size, const std::vector<Unit>& all) {
  Splitter splitter(teams, team_size);
  std::vector<std::uint8_t> team_of;
  EXPECT_TRUE(splitter.split(all, team_of));
  std::vector<int> players(static_cast<std::size_t>(teams));
  std::vector<double> sums(static_cast<std::size_t>(teams));
  for (std::size_t i = 0; i < all.size(); ++i) {
    players[team_of[i]] += all[i].size;
    sums[team_of[i]] += points(all[i].strength());
  }
  for (const int count : players) EXPECT_EQ(count, team_size);
  EXPECT_EQ(team_of[0], 0);
  const auto [low, high] = std::minmax_element(sums.begin(), sums.end());
  return (*high - *low) / team_size;
}

TEST(SplittingTeams, AboveSixteenUnitsTheTeamsAreNearlyEven) {
  std::mt19937 random(5);
  for (const int team_size : {9, 12, 20, 50, 100}) {
    std::vector<Unit> all;
    for (int i = 0; i < 2 * team_size; ++i) {
      all.push_back({static_cast<Rating>(random() % 1000 + 1000) * kUnitsPerPoint, 1});
    }
    EXPECT_LT(check_split(2, team_size, all), 1.0) << team_size;
  }
}

TEST(SplittingTeams, AboveSixteenUnitsKeepsPartiesWhole) {
  std::mt19937 random(6);
  for (int round = 0; round < 50; ++round) {
    std::vector<Unit> all;
    for (int side = 0; side < 2; ++side) {
      for (int room = 20; room > 0;) {
        const int size = std::min<int>(room, static_cast<int>(random() % 3) + 1);
        all.push_back({static_cast<Rating>(random() % 400 + 1300) * kUnitsPerPoint, size});
        room -= size;
      }
    }
    EXPECT_LT(check_split(2, 20, all), 10.0);
  }
}

TEST(SplittingTeams, MakesManyTeams) {
  std::mt19937 random(7);
  for (const int teams : {3, 4, 8, 16}) {
    for (const int team_size : {1, 2, 3, 5}) {
      std::vector<Unit> all;
      for (int i = 0; i < teams * team_size; ++i) {
        all.push_back({static_cast<Rating>(random() % 200 + 1400) * kUnitsPerPoint, 1});
      }
      const double apart = check_split(teams, team_size, all);
      EXPECT_LT(apart, team_size > 1 ? 100 : 201) << teams << " teams of " << team_size;
    }
  }
  std::vector<Unit> mixed;
  for (const int size : {3, 2, 1, 2, 1, 1, 1, 1}) mixed.push_back({1500 * kUnitsPerPoint, size});
  EXPECT_DOUBLE_EQ(check_split(4, 3, mixed), 0);
}

}  // namespace
}  // namespace mm::matching
