// Tests that every match.found leaves a row, allocating or cancelled, and that duplicates do not change it.
#include <gtest/gtest.h>

#include <algorithm>

#include "common/contracts/reconcile.h"
#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

class InitialState : public SessionTest {
 protected:
  std::int64_t rows() { return world_.database.number("SELECT count(*) FROM session.match"); }

  std::vector<MatchState> reconcile(std::vector<MatchFound> matches, const Caller& caller = {}) {
    auto answer = world_.bus->request(ReconcileMatches{std::move(matches)}, caller, soon());
    EXPECT_TRUE(answer.ok()) << answer.error().detail;
    return answer ? std::move(answer->matches) : std::vector<MatchState>{};
  }

  FakeOrchestrator orchestrator_{*world_.bus, world_.metrics, 1000};
  Instance instance_{world_};
};

// After an outage JetStream may deliver many events again. An event in answer to each duplicate would double that load.
TEST_F(InitialState, ADuplicateHasNoEffectAndNoAnswer) {
  const auto found = ready_match();
  const auto id = found.match_id;
  ASSERT_TRUE(world_.published.wait_for<MatchReady>(id));
  ASSERT_TRUE(report(result_of(found, 0)).ok());
  ASSERT_TRUE(world_.published.wait_for<MatchCompleted>(id));
  ASSERT_TRUE(testing::eventually([&] { return orchestrator_.releases_of(id) > 0; }));
  for (int i = 0; i < 3; ++i) publish(found);
  // The next match follows the duplicates in the stream.
  ready_match();
  EXPECT_GE(instance_.metric("mm_session_found_again_total"), 3);
  EXPECT_EQ(world_.published.about<MatchReady>(id).size(), 1U);
  EXPECT_EQ(world_.published.about<MatchCompleted>(id).size(), 1U);
  EXPECT_EQ(rows(), 2);
  EXPECT_EQ(orchestrator_.allocated().size(), 2U);
  EXPECT_EQ(get(id)->status, MatchStatus::completed);
  EXPECT_EQ(get_live(players_in(found)[0]).error().code, Code::no_match);
}

TEST_F(InitialState, APlayerInALiveMatchCancelsTheNewMatchAndOnlyOtherTicketsAreRequeued) {
  const auto live = ready_match({2, 2});
  auto second = fresh_match({2, 2});
  // One team is a party of two that contains the busy player.
  second.teams[0].players[0].player_id = players_in(live)[3];
  second.teams[0].players[1].ticket_id = second.teams[0].players[0].ticket_id;
  const auto innocent = players_in(second)[2];
  publish(second);

  const auto cancelled = world_.published.wait_for<MatchCancelled>(second.match_id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->reason, CancelReason::conflict);
  EXPECT_EQ(cancelled->requeue, (std::vector{tickets_in(second)[2], tickets_in(second)[3]}));
  EXPECT_EQ(cancelled->dropped, (std::vector{players_in(second)[0], players_in(second)[1]}));
  EXPECT_EQ(get(second.match_id)->requeue, cancelled->requeue);
  EXPECT_EQ(orchestrator_.releases_of(second.match_id), 0) << "no server was requested";

  // The other players can enter the next match, and the live match goes on.
  EXPECT_EQ(get_live(innocent).error().code, Code::no_match);
  EXPECT_EQ(get_live(players_in(live)[3])->match_id, live.match_id);
  // The match stays cancelled when a duplicate comes after the end of the conflict.
  ASSERT_TRUE(report(result_of(live, 0)).ok());
  EXPECT_EQ(reconcile({second}).at(0).status, MatchStatus::cancelled);
  EXPECT_EQ(world_.published.about<MatchCancelled>(second.match_id).size(), 1U);
  EXPECT_EQ(get(second.match_id)->status, MatchStatus::cancelled);
}

TEST_F(InitialState, OfManyMatchesWithACommonPlayerOneIsPlayed) {
  const auto shared = PlayerId::fresh(SystemClock().now());
  std::vector<MatchFound> all;
  for (int i = 0; i < 10; ++i) {
    auto found = fresh_match({1, 1});
    found.teams[static_cast<std::size_t>(i) % 2].players[0].player_id = shared;
    all.push_back(found);
    publish(found);
  }
  const auto count = [&](MatchStatus status) {
    return std::count_if(all.begin(), all.end(), [&](const auto& found) {
      const auto view = get(found.match_id);
      return view && view->status == status;
    });
  };
  ASSERT_TRUE(testing::eventually([&] { return count(MatchStatus::ready) + count(MatchStatus::cancelled) == 10; }));
  EXPECT_EQ(count(MatchStatus::ready), 1);
}

TEST_F(InitialState, ThePlayerIdOfAnotherTenantIsAnotherPlayer) {
  const auto here = ready_match();
  auto there = fresh_match({1, 1});
  there.tenant = *Tenant::parse("other");
  there.teams[0].players[0].player_id = players_in(here)[0];
  publish(there);
  EXPECT_TRUE(becomes(there.match_id, MatchStatus::ready));
}

TEST_F(InitialState, AMatchThatWaitedTooLongForItsRowIsRequeued) {
  auto found = fresh_match();
  found.created_at -= Milliseconds{10 * 60 * 1000 + 1'000};
  publish(found);
  const auto cancelled = world_.published.wait_for<MatchCancelled>(found.match_id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->reason, CancelReason::no_server);
  EXPECT_EQ(cancelled->requeue, tickets_in(found));
  EXPECT_TRUE(orchestrator_.requested().empty());
  EXPECT_EQ(get_live(players_in(found)[0]).error().code, Code::no_match);
}

// If session was away for minutes, the players have waited, and the match is played.
TEST_F(InitialState, AMatchThatWaitedForMinutesIsPlayed) {
  auto found = fresh_match();
  found.created_at -= Milliseconds{9 * 60 * 1000};
  publish(found);
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
}

TEST_F(InitialState, ManyMatchesOfAStreamAreStoredAndGetTheirServers) {
  std::vector<MatchFound> all;
  for (int i = 0; i < 250; ++i) all.push_back(fresh_match({2, 2}));
  for (const auto& found : all) publish(found);
  for (const auto& found : all) ASSERT_TRUE(becomes(found.match_id, MatchStatus::ready));
  EXPECT_EQ(rows(), 250);
  EXPECT_EQ(orchestrator_.allocated().size(), 250U);
}

TEST_F(InitialState, ReconcileStoresUnknownMatchesAndAnswersWithTheStateOfEach) {
  const auto known = ready_match();
  const auto over = ready_match();
  ASSERT_TRUE(report(result_of(over, 0)).ok());
  const auto fresh = fresh_match({2, 2});
  auto old = fresh_match();
  old.created_at -= Milliseconds{11 * 60 * 1000};
  const auto standings = reconcile({known, fresh, over, old});
  ASSERT_EQ(standings.size(), 4U);
  EXPECT_EQ(standings[0].match_id, known.match_id);
  EXPECT_EQ(standings[0].status, MatchStatus::ready);
  EXPECT_FALSE(standings[0].fresh);
  EXPECT_EQ(standings[1].status, MatchStatus::allocating);
  EXPECT_TRUE(standings[1].fresh);
  EXPECT_EQ(standings[2].status, MatchStatus::completed);
  EXPECT_EQ(standings[3].status, MatchStatus::cancelled);
  EXPECT_EQ(standings[3].reason, CancelReason::no_server);
  EXPECT_EQ(standings[3].requeue, tickets_in(old));
  EXPECT_TRUE(becomes(fresh.match_id, MatchStatus::ready)) << "a server was requested";
  EXPECT_FALSE(reconcile({fresh}).at(0).fresh);
  EXPECT_EQ(rows(), 4);
}

TEST_F(InitialState, OfTwoCopiesInOneBatchOnlyTheFirstIsNew) {
  const auto found = fresh_match();
  const auto standings = reconcile({found, found});
  ASSERT_EQ(standings.size(), 2U);
  EXPECT_TRUE(standings[0].fresh);
  EXPECT_FALSE(standings[1].fresh);
  EXPECT_EQ(instance_.metric(R"(mm_session_matches_total{state="allocating"})"), 1);
}

TEST_F(InitialState, OnlyDaemonsReconcile) {
  Caller player;
  player.role = Role::player;
  player.player = PlayerId::fresh(SystemClock().now());
  const auto answer = world_.bus->request(ReconcileMatches{{fresh_match()}}, player, soon());
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::forbidden);
  EXPECT_EQ(rows(), 0);
}

TEST_F(InitialState, ABadRosterStartsAsCancelledAndNoTicketIsRequeued) {
  auto found = fresh_match({1, 1});
  found.teams[1].players[0].player_id = found.teams[0].players[0].player_id;
  publish(found);
  const auto cancelled = world_.published.wait_for<MatchCancelled>(found.match_id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->reason, CancelReason::conflict);
  EXPECT_TRUE(cancelled->requeue.empty());
  EXPECT_EQ(rows(), 1);
}

}  // namespace
}  // namespace mm::session
