// Tests what is stored of a rated match, and which events can never be applied.
#include "services/leaderboard/core/match_record.h"

#include <gtest/gtest.h>

namespace mm::leaderboard {
namespace {

PlayerId player(std::uint8_t number) {
  Uuid id;
  id.bytes[15] = number;
  return PlayerId(id);
}

MatchRated two_against_two(std::optional<int> winner) {
  MatchRated match;
  match.winning_team = winner;
  match.teams.resize(2);
  for (std::uint8_t i = 0; i < 4; ++i) {
    auto& rated = match.teams[i / 2].emplace_back();
    rated.player_id = player(i);
    rated.mmr_before = 1500.25 + i;
    rated.mmr_after = 1510.25 + i;
    rated.games = 7;
    rated.stats.text = "{\"i\":" + std::to_string(i) + "}";
  }
  match.teams[0][0].username = "ann";
  return match;
}

TEST(MatchRecord, HasOneRowForEachPlayer) {
  const auto players = record_of(two_against_two(1), std::nullopt).players;
  ASSERT_EQ(players.size(), 4U);
  EXPECT_EQ(players[0].username, "ann");
  EXPECT_EQ(players[1].username, "");
  EXPECT_EQ(players[0].result, Outcome::loss);
  EXPECT_EQ(players[3].result, Outcome::win);
  EXPECT_EQ(players[3].team, 1);
  EXPECT_EQ(players[3].slot, 1);
  EXPECT_EQ(players[3].mmr_before, 150'325);
  EXPECT_EQ(players[3].mmr_after, 151'325);
  EXPECT_EQ(players[3].games, 7);
  EXPECT_EQ(players[3].stats, "{\"i\":3}");
  EXPECT_EQ(record_of(two_against_two(std::nullopt), std::nullopt).players[0].result, Outcome::draw);
}

TEST(MatchRecord, IsInTheStandingsIfItIsRatedAndInASeason) {
  const auto season = Season::parse("s1");
  for (const bool rated : {true, false}) {
    auto match = two_against_two(0);
    match.rated = rated;
    EXPECT_EQ(record_of(match, season).in_standings, rated);
    EXPECT_EQ(record_of(match, season).season, season);
    EXPECT_FALSE(record_of(match, std::nullopt).in_standings) << "before the first season";
  }
}

TEST(MatchRecord, ReadsHundredthsOutOfPointsExactly) {
  for (Hundredths rating = -1'000'000; rating <= 1'000'000; rating += 7) {
    ASSERT_EQ(to_hundredths(to_points(rating)), rating);
  }
  EXPECT_EQ(shown_points(150'050), 1501);
  EXPECT_EQ(shown_points(150'049), 1500);
  EXPECT_EQ(shown_points(-51), -1);
}

TEST(MatchRecord, FindsEventsThatCanNeverBeApplied) {
  EXPECT_FALSE(flaw_of(two_against_two(0)));
  EXPECT_FALSE(flaw_of(two_against_two(std::nullopt)));
  EXPECT_TRUE(flaw_of(MatchRated{}));
  EXPECT_TRUE(flaw_of(two_against_two(2)));
  EXPECT_TRUE(flaw_of(two_against_two(-1)));
  auto match = two_against_two(0);
  match.teams[1][1].player_id = match.teams[0][0].player_id;
  EXPECT_TRUE(flaw_of(match));
  match = two_against_two(0);
  match.teams[0][0].mmr_after = 1e12;
  EXPECT_TRUE(flaw_of(match));
  match = two_against_two(0);
  match.duration_seconds = 1e300;
  EXPECT_TRUE(flaw_of(match));
  match = two_against_two(0);
  match.teams.resize(17);
  EXPECT_TRUE(flaw_of(match));
}

}  // namespace
}  // namespace mm::leaderboard
