// Tests of a player's recent matches in GET /v1/matchmaking/active and in `welcome`.
#include "tests/integration/gateway/socket_players.h"

namespace mm::gateway::testing {
namespace {

TEST(ActiveState, TellsHowRecentMatchesEndedAndWhatTheyWereWorth) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  RecentMatch lost, void_match;
  lost.match_id = MatchId::fresh(SystemClock{}.now());
  lost.mode = ranked_mode();
  lost.region = default_region();
  lost.result = Outcome::loss;
  lost.winning_team = 1;
  void_match.match_id = MatchId::fresh(SystemClock{}.now());
  void_match.mode = ranked_mode();
  void_match.region = default_region();
  void_match.status = MatchStatus::cancelled;
  void_match.reason = CancelReason::voided;
  void_match.requeued = false;
  fake<GetRecentMatches>().answer(RecentMatches{{lost, void_match}});
  fake<GetRatingChanges>().answer(RatingChanges{{{lost.match_id, 1500, 1490.25, -9.75}}});

  const auto answer = gateway().get("/v1/matchmaking/active", player.auth());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("recent/0/match_id"), lost.match_id.to_string());
  EXPECT_EQ(answer.at("recent/0/result"), "loss");
  EXPECT_EQ(answer.at("recent/0/mmr_change"), "-9.75");
  EXPECT_EQ(answer.at("recent/1/status"), "cancelled");
  EXPECT_EQ(answer.at("recent/1/reason"), "voided");
  EXPECT_EQ(answer.at("recent/1/mmr_change"), "");
  EXPECT_EQ(fake<GetRecentMatches>().last().player_id, player.id);
  EXPECT_EQ(fake<GetRatingChanges>().last().player_id, player.id);
  EXPECT_EQ(fake<GetRatingChanges>().last().match_ids, std::vector{lost.match_id}) << "only a completed match is rated";

  // For a player without recent matches, the gateway sends no request to profile.
  fake<GetRatingChanges>().answer(RatingChanges{});
  fake<GetRecentMatches>().answer(RecentMatches{{void_match}});
  EXPECT_EQ(gateway().get("/v1/matchmaking/active", player.auth()).at("recent/0/reason"), "voided");
  EXPECT_EQ(fake<GetRatingChanges>().requests(), 0);

  fake<GetRecentMatches>().answer(RecentMatches{{lost}});
  fake<GetRatingChanges>().refuse(Code::unavailable);
  expect_problem(gateway().get("/v1/matchmaking/active", player.auth()), 503, "unavailable");
}

TEST(ActiveState, IsTheSameInAWelcome) {
  const auto player = fresh_player();
  nobody_is_anywhere();
  RecentMatch won;
  won.match_id = MatchId::fresh(SystemClock{}.now());
  won.mode = ranked_mode();
  won.region = default_region();
  won.result = Outcome::win;
  fake<GetRecentMatches>().answer(RecentMatches{{won}});
  fake<GetRatingChanges>().answer(RatingChanges{{{won.match_id, 1500, 1520, 20}}});
  Welcomed one(player);
  EXPECT_EQ(one.welcome.at("data/recent/0/match_id"), won.match_id.to_string());
  EXPECT_EQ(one.welcome.at("data/recent/0/mmr_after"), "1520");
}

}  // namespace
}  // namespace mm::gateway::testing
