// Tests matches that do not count, and session.recent, which returns matches that have ended.
#include <gtest/gtest.h>

#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

ReportResult void_result(const MatchFound& found, double seconds = 1) {
  ReportResult result;
  result.match_id = found.match_id;
  result.outcome = ResultOutcome::voided;
  result.duration_seconds = seconds;
  return result;
}

class EndedMatch : public SessionTest {
 protected:
  std::vector<RecentMatch> recent(PlayerId player) {
    auto answer = world_.bus->request(GetRecentMatches{player}, as_player(player), soon());
    EXPECT_TRUE(answer.ok());
    return answer ? std::move(answer->matches) : std::vector<RecentMatch>{};
  }
  void expect_void(const MatchFound& found) {
    const auto id = found.match_id;
    const auto cancelled = world_.published.wait_for<MatchCancelled>(id);
    ASSERT_TRUE(cancelled);
    EXPECT_EQ(cancelled->reason, CancelReason::voided);
    EXPECT_TRUE(cancelled->requeue.empty());
    EXPECT_EQ(cancelled->dropped.size(), players_in(found).size());
    EXPECT_TRUE(testing::eventually([&] { return orchestrator_.releases_of(id) == 1; }));
    for (const auto player : players_in(found)) EXPECT_EQ(get_live(player).error().code, Code::no_match);
    EXPECT_EQ(get(id)->status, MatchStatus::cancelled);
    EXPECT_TRUE(world_.published.about<MatchCompleted>(id).empty()) << "a void match must not be rated";
  }

  FakeOrchestrator orchestrator_{*world_.bus, world_.metrics, 1000};
  Instance instance_{world_};
};

TEST_F(EndedMatch, DoesNotCountIfItsServerVoidsIt) {
  const auto found = ready_match({2, 2});
  const auto id = found.match_id;
  ASSERT_TRUE(send_heartbeat(id).ok());
  const auto answer = report(void_result(found));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, MatchStatus::cancelled);
  expect_void(found);
  const auto again = report(void_result(found));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(wire::encode(*again), wire::encode(*answer));
  EXPECT_EQ(report(void_result(found, 2)).error().code, Code::result_conflict);
  EXPECT_EQ(report(result_of(found, 0)).error().code, Code::result_conflict);
  EXPECT_EQ(report(result_of(found, 0)).error().status(), 409);
  EXPECT_EQ(send_heartbeat(id).error().code, Code::match_over);
  EXPECT_EQ(world_.published.about<MatchCancelled>(id).size(), 1U);
  EXPECT_TRUE(world_.published.about<MatchCompleted>(id).empty());
}

TEST_F(EndedMatch, DoesNotCountIfItsServerAbortsItInAHeartbeat) {
  const auto found = ready_match();
  const auto id = found.match_id;
  ASSERT_TRUE(send_heartbeat(id, ServerPhase::aborted).ok());
  expect_void(found);
  EXPECT_TRUE(send_heartbeat(id, ServerPhase::aborted).ok()) << "the first answer may have been lost";
  EXPECT_TRUE(report(void_result(found)).ok());
  EXPECT_EQ(report(result_of(found, 0)).error().code, Code::result_conflict);
  EXPECT_EQ(send_heartbeat(MatchId::fresh(SystemClock().now()), ServerPhase::aborted).error().code, Code::not_found);
}

TEST_F(EndedMatch, StaysCompletedWhateverItsServerReportsLater) {
  const auto found = ready_match();
  ASSERT_TRUE(report(result_of(found, 1)).ok());
  EXPECT_EQ(report(void_result(found)).error().code, Code::result_conflict);
  EXPECT_EQ(send_heartbeat(found.match_id, ServerPhase::aborted).error().code, Code::match_over);
  EXPECT_EQ(get(found.match_id)->status, MatchStatus::completed);
}

TEST_F(EndedMatch, CannotBeVoidedBeforeItHasItsServer) {
  orchestrator_.set_capacity(0);
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::allocating));
  EXPECT_EQ(report(void_result(found)).error().code, Code::not_ready_yet);
  EXPECT_EQ(send_heartbeat(found.match_id, ServerPhase::aborted).error().code, Code::not_ready_yet);
}

TEST_F(EndedMatch, IsRecentForItsPlayersForTenMinutes) {
  const auto won = ready_match();
  const auto player = players_in(won)[1];
  EXPECT_TRUE(recent(player).empty()) << "the match has not ended";
  ASSERT_TRUE(report(result_of(won, 1)).ok());
  auto again = fresh_match();
  again.teams[0].players[0].player_id = player;
  publish(again);
  ASSERT_TRUE(becomes(again.match_id, MatchStatus::ready));
  ASSERT_TRUE(report(void_result(again)).ok());

  const auto matches = recent(player);
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches[0].match_id, won.match_id);
  EXPECT_EQ(matches[0].status, MatchStatus::completed);
  EXPECT_EQ(matches[0].result, Outcome::win);
  EXPECT_EQ(matches[0].duration_seconds, 12.5);
  EXPECT_EQ(matches[1].match_id, again.match_id);
  EXPECT_EQ(matches[1].status, MatchStatus::cancelled);
  EXPECT_EQ(matches[1].reason, CancelReason::voided);
  EXPECT_EQ(matches[1].requeued, false);
  EXPECT_LE(matches[0].ended_at, matches[1].ended_at);

  // Other players and other tenants do not see the list.
  const auto spied = world_.bus->request(GetRecentMatches{player}, as_player(players_in(won)[0]), soon());
  EXPECT_EQ(spied.error().code, Code::forbidden);
  auto foreign = as_player(player);
  foreign.tenant = *Tenant::parse("other");
  EXPECT_TRUE(world_.bus->request(GetRecentMatches{player}, foreign, soon())->matches.empty());

  world_.database.rows("UPDATE session.ended_player SET ended_at = ended_at - interval '10 minutes'");
  EXPECT_TRUE(recent(player).empty());
}

TEST_F(EndedMatch, RecentReadsTheNewestAndOnlyTheRowsOfOnePlayer) {
  const auto found = ready_match();
  const auto player = players_in(found)[0];
  ASSERT_TRUE(report(result_of(found, 0)).ok());
  const auto is_player = "player_id = '" + player.to_string() + "'";
  std::string plan;
  for (const auto& row :
       world_.database.rows("INSERT INTO session.ended_player SELECT tenant, gen_random_uuid(), match_id, ended_at "
                            "FROM session.ended_player, generate_series(1, 20000) WHERE " +
                            is_player +
                            "; "
                            "INSERT INTO session.ended_player SELECT tenant, player_id, gen_random_uuid(), "
                            "ended_at + interval '1 second' * n FROM session.ended_player, generate_series(1, " +
                            std::to_string(kMaxRecentMatches) + ") AS n WHERE " + is_player +
                            "; ANALYZE session.ended_player; "
                            "EXPLAIN SELECT match_id FROM session.ended_player WHERE tenant = 'default' AND " +
                            is_player)) {
    plan += row[0] + "\n";
  }
  EXPECT_NE(plan.find("ended_player_pkey"), std::string::npos) << plan;
  EXPECT_TRUE(recent(player).empty()) << "twenty newer rows of matches that do not exist fill the list";
}

}  // namespace
}  // namespace mm::session
