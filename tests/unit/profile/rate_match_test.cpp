// Tests the decision of the consumer of match.completed: the rated match, and which events can never be applied.
#include "services/profile/core/rate_match.h"

#include <gtest/gtest.h>

namespace mm::profile {
namespace {

const TimePoint kNow(Seconds(1'767'225'600));

MatchCompleted match_of(std::size_t teams, std::size_t size, std::optional<int> winner) {
  MatchCompleted match;
  match.match_id = MatchId::fresh(kNow);
  match.tenant = default_tenant();
  match.mode = ranked_mode();
  match.region = default_region();
  match.winning_team = winner;
  match.duration_seconds = 61.5;
  match.started_at = kNow;
  match.ended_at = kNow + Seconds(62);
  for (std::size_t t = 0; t < teams; ++t) {
    auto& team = match.teams.emplace_back();
    for (std::size_t s = 0; s < size; ++s) {
      auto& player = team.emplace_back();
      player.player_id = PlayerId::fresh(kNow);
      player.ticket_id = TicketId::fresh(kNow);
      player.mmr = 1234.5;
      player.stats.text = R"({"kills":3})";
    }
  }
  return match;
}

std::map<PlayerId, PlayerBefore> fresh_players(const MatchCompleted& match) {
  std::map<PlayerId, PlayerBefore> before;
  for (const auto& team : match.teams) {
    for (const auto& player : team) before[player.player_id] = {};
  }
  return before;
}

ModeRules rules(bool rated) {
  ModeRules rules;
  rules.id = ranked_mode();
  rules.rated = rated;
  return rules;
}

TEST(RateMatch, UsesTheStoredRatingsAndNotThoseOfTheEvent) {
  const auto match = match_of(2, 1, 0);
  auto before = fresh_players(match);
  before[match.teams[0][0].player_id] = {{160'000, 40}, "ann"};
  before[match.teams[1][0].player_id] = {{150'000, 40}, std::nullopt};
  const auto elo = rules(true);
  const auto rated = rate_match(match, before, &elo);

  ASSERT_EQ(rated.changes.size(), 2U);
  EXPECT_EQ(rated.changes[0].before.mmr, 160'000);
  EXPECT_EQ(rated.changes[0].after.mmr, 160'720);
  EXPECT_EQ(rated.changes[0].outcome, Outcome::win);
  EXPECT_EQ(rated.changes[1].after.mmr, 149'280);
  EXPECT_EQ(rated.changes[1].outcome, Outcome::loss);

  EXPECT_TRUE(rated.event.rated);
  const auto& winner = rated.event.teams[0][0];
  EXPECT_EQ(winner.username, "ann");
  EXPECT_DOUBLE_EQ(winner.mmr, 1234.5);
  EXPECT_DOUBLE_EQ(winner.mmr_before, 1600.0);
  EXPECT_DOUBLE_EQ(winner.mmr_after, 1607.2);
  EXPECT_EQ(winner.games, 41);
  EXPECT_EQ(winner.stats.text, R"({"kills":3})");
  EXPECT_EQ(winner.ticket_id, match.teams[0][0].ticket_id);
  EXPECT_FALSE(rated.event.teams[1][0].username);
}

TEST(RateMatch, RatesByTheSystemOfTheModeAndReturnsTheDeviations) {
  const auto match = match_of(2, 1, 0);
  auto before = fresh_players(match);
  before[match.teams[0][0].player_id].rated.deviation_at = kNow - std::chrono::hours(24);
  for (const auto system : {RatingSystem::elo, RatingSystem::glicko2, RatingSystem::weng_lin}) {
    auto given = rules(true);
    given.rating = system;
    const auto rated = rate_match(match, before, &given, 250);
    EXPECT_EQ(rated.system, system);
    EXPECT_EQ(rated.margin, 250);
    const Sides sides{{before[match.teams[0][0].player_id].rated}, {before[match.teams[1][0].player_id].rated}};
    auto after = rate(system, sides, {0, match.ended_at, 250});
    for (std::size_t team = 0; team < 2; ++team) {
      ++after[team][0].games;
      EXPECT_EQ(rated.changes[team].after, after[team][0]);
      const auto& player = rated.event.teams[team][0];
      EXPECT_DOUBLE_EQ(player.mmr_after, to_points(after[team][0].mmr));
      EXPECT_DOUBLE_EQ(player.deviation, to_points(after[team][0].deviation));
      EXPECT_EQ(player.deviation_at, match.ended_at);
      EXPECT_NEAR(player.deviation_growth, 4.825, 0.01);
    }
  }
}

TEST(RateMatch, CopiesTheMatch) {
  const auto match = match_of(2, 3, std::nullopt);
  const auto elo = rules(true);
  const auto rated = rate_match(match, fresh_players(match), &elo);
  EXPECT_EQ(rated.event.match_id, match.match_id);
  EXPECT_EQ(rated.event.tenant, match.tenant);
  EXPECT_EQ(rated.event.mode, match.mode);
  EXPECT_EQ(rated.event.region, match.region);
  EXPECT_EQ(rated.event.winning_team, std::nullopt);
  EXPECT_EQ(rated.event.started_at, match.started_at);
  EXPECT_EQ(rated.event.ended_at, match.ended_at);
  EXPECT_DOUBLE_EQ(rated.event.duration_seconds, 61.5);
  for (std::size_t i = 0; i < rated.changes.size(); ++i) {
    EXPECT_EQ(rated.changes[i].team, static_cast<int>(i / 3));
    EXPECT_EQ(rated.changes[i].slot, static_cast<int>(i % 3));
    EXPECT_EQ(rated.changes[i].outcome, Outcome::draw);
    EXPECT_EQ(rated.changes[i].player_id, match.teams[i / 3][i % 3].player_id);
  }
}

TEST(RateMatch, CountsTheGameOfAnUnratedOrUnknownModeWithoutChangingRatings) {
  const auto match = match_of(2, 2, 1);
  const auto unrated = rules(false);
  for (const ModeRules* given : {&unrated, static_cast<const ModeRules*>(nullptr)}) {
    const auto rated = rate_match(match, fresh_players(match), given);
    EXPECT_FALSE(rated.event.rated);
    EXPECT_EQ(rated.system, std::nullopt);
    for (const auto& change : rated.changes) {
      auto counted = change.before;
      ++counted.games;
      EXPECT_EQ(change.after, counted) << "deviation and deviation_at stay";
    }
    EXPECT_EQ(rated.changes[0].outcome, Outcome::loss);
    EXPECT_EQ(rated.changes[3].outcome, Outcome::win);
    EXPECT_EQ(rated.event.teams[0][0].games, 1);
  }
}

TEST(RateMatch, FindsEventsThatCanNeverBeApplied) {
  EXPECT_FALSE(flaw_of(match_of(2, 5, 0)));
  EXPECT_FALSE(flaw_of(match_of(16, 100, 15)));
  EXPECT_FALSE(flaw_of(match_of(2, 1, std::nullopt)));
  EXPECT_TRUE(flaw_of(match_of(0, 1, std::nullopt)));
  EXPECT_TRUE(flaw_of(match_of(1, 1, 0)));
  EXPECT_TRUE(flaw_of(match_of(17, 1, 0)));
  EXPECT_TRUE(flaw_of(match_of(2, 101, 0)));
  EXPECT_TRUE(flaw_of(match_of(2, 1, 2)));
  EXPECT_TRUE(flaw_of(match_of(2, 1, -1)));
  auto empty_team = match_of(2, 1, 0);
  empty_team.teams[1].clear();
  EXPECT_TRUE(flaw_of(empty_team));
  auto twice = match_of(2, 2, 0);
  twice.teams[1][1].player_id = twice.teams[0][0].player_id;
  EXPECT_TRUE(flaw_of(twice));
}

}  // namespace
}  // namespace mm::profile
