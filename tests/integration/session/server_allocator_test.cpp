// Tests the server allocator: when and in which order servers are requested, the timeouts, and the release.
#include <gtest/gtest.h>

#include "common/bus/outbox.h"
#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

Timing quick() {
  Timing timing;
  timing.sweep_interval = Milliseconds{50};
  return timing;
}

class ServerAllocation : public SessionTest {
 protected:
  bool released(MatchId match) {
    return world_.database.number("SELECT released::int FROM session.match WHERE match_id = '" + match.to_string() +
                                  "'") == 1;
  }
};

TEST_F(ServerAllocation, ServersAreRequestedAtOnceForANewMatch) {
  Timing timing;
  timing.sweep_interval = Milliseconds{600'000};
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 1);
  Instance instance(world_, timing);
  const auto found = fresh_match();
  publish(found);
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
}

TEST_F(ServerAllocation, MatchesGetFreeServersInTheOrderInWhichTheyWereFound) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 1);
  Instance instance(world_, quick());
  std::vector<MatchFound> all{ready_match()};
  for (int i = 0; i < 4; ++i) {
    all.push_back(fresh_match());
    all.back().created_at = all.front().created_at + Milliseconds{i + 1};
  }
  // They arrive in reverse order.
  for (auto found = all.rbegin(); found + 1 != all.rend(); ++found) publish(*found);
  for (std::size_t i = 1; i < all.size(); ++i) ASSERT_TRUE(becomes(all[i].match_id, MatchStatus::allocating));

  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_TRUE(becomes(all[i].match_id, MatchStatus::ready)) << i;
    EXPECT_EQ(orchestrator.allocated().size(), i + 1);
    ASSERT_TRUE(report(result_of(all[i], 0)).ok());
  }
}

TEST_F(ServerAllocation, AfterTheTimeoutTheMatchIsCancelledAndEveryTicketRequeued) {
  auto timing = quick();
  timing.allocation_timeout = Milliseconds{300};
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 0);
  Instance instance(world_, timing);
  const auto found = fresh_match({2, 2});
  publish(found);
  const auto cancelled = world_.published.wait_for<MatchCancelled>(found.match_id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->reason, CancelReason::no_server);
  EXPECT_EQ(cancelled->requeue, tickets_in(found));
  EXPECT_EQ(get_live(players_in(found)[0]).error().code, Code::no_match);
  // The release also makes the orchestrator refuse an allocate request that comes later.
  EXPECT_TRUE(testing::eventually([&] { return orchestrator.releases_of(found.match_id) > 0; }));
}

TEST_F(ServerAllocation, WaitsForAnOrchestratorThatIsAway) {
  Instance instance(world_, quick());
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::allocating));
  EXPECT_EQ(report(result_of(found, 0)).error().code, Code::not_ready_yet);
  EXPECT_EQ(report(result_of(found, 0)).error().retry_after_seconds, 1);
  EXPECT_EQ(send_heartbeat(found.match_id)->next_heartbeat_seconds, 1)
      << "the heartbeat is repeated soon, because it does not count yet";

  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 1);
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
}

TEST_F(ServerAllocation, ALostAnswerGivesTheSameServer) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 10);
  std::atomic<int> left = 2;
  // The server is allocated, but the answer is lost.
  orchestrator.intercept([&](MatchId) -> std::optional<Problem> {
    if (left-- > 0) return refuse(Code::deadline_exceeded).error;
    return std::nullopt;
  });
  Instance instance(world_, quick());
  const auto found = fresh_match();
  publish(found);
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
  EXPECT_GE(orchestrator.requested().size(), 3U);
  EXPECT_EQ(orchestrator.allocated().size(), 1U);
}

TEST_F(ServerAllocation, AMatchThatTheOrchestratorHasReleasedIsCancelled) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 10);
  const auto found = fresh_match();
  ASSERT_TRUE(world_.bus->request(ReleaseServer{found.match_id}, Caller{}, soon()).ok());
  Instance instance(world_, quick());
  publish(found);
  const auto cancelled = world_.published.wait_for<MatchCancelled>(found.match_id);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->requeue, tickets_in(found));
}

TEST_F(ServerAllocation, AServerIsReleasedUntilTheOrchestratorConfirmsIt) {
  auto orchestrator = std::make_unique<FakeOrchestrator>(*world_.bus, world_.metrics, 1);
  Instance instance(world_, quick());
  const auto found = ready_match();
  orchestrator.reset();
  ASSERT_TRUE(report(result_of(found, 0)).ok());
  EXPECT_FALSE(released(found.match_id));
  orchestrator = std::make_unique<FakeOrchestrator>(*world_.bus, world_.metrics, 1);
  EXPECT_TRUE(testing::eventually([&] { return released(found.match_id); }));
  EXPECT_GE(orchestrator->releases_of(found.match_id), 1);
}

TEST_F(ServerAllocation, ASilentServerEndsItsMatchAndFreesEveryoneWithoutRequeue) {
  auto timing = quick();
  timing.heartbeat_timeout = Milliseconds{2'000};
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 10);
  Instance instance(world_, timing);
  const auto silent = ready_match();
  const auto alive = ready_match();
  const auto cancelled = [&] { return !world_.published.about<MatchCancelled>(silent.match_id).empty(); };
  ASSERT_TRUE(testing::eventually([&] { return send_heartbeat(alive.match_id).ok() && cancelled(); }));
  const auto event = world_.published.about<MatchCancelled>(silent.match_id).front();
  EXPECT_EQ(event.reason, CancelReason::server_lost);
  EXPECT_TRUE(event.requeue.empty());
  EXPECT_EQ(event.dropped, players_in(silent));
  EXPECT_EQ(get_live(players_in(silent)[0]).error().code, Code::no_match);
  EXPECT_TRUE(testing::eventually([&] { return orchestrator.releases_of(silent.match_id) > 0; }));
  // A late result or heartbeat changes nothing.
  EXPECT_EQ(report(result_of(silent, 0)).error().code, Code::match_over);
  EXPECT_EQ(send_heartbeat(silent.match_id).error().code, Code::match_over);
  EXPECT_EQ(get(silent.match_id)->status, MatchStatus::cancelled);
  EXPECT_EQ(get(alive.match_id)->status, MatchStatus::running);
}

TEST_F(ServerAllocation, AnotherInstanceContinuesWhereOneStopped) {
  auto first = std::make_unique<Instance>(world_, quick());
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::allocating));
  first.reset();
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 10);
  Instance second(world_, quick());
  EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
}

TEST_F(ServerAllocation, TwoInstancesGiveEachMatchOneServer) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 1000);
  Instance one(world_, quick());
  Instance other(world_, quick());
  std::vector<MatchFound> all;
  for (int i = 0; i < 20; ++i) {
    all.push_back(fresh_match());
    publish(all.back());
  }
  for (const auto& found : all) {
    EXPECT_TRUE(becomes(found.match_id, MatchStatus::ready));
    EXPECT_TRUE(world_.published.wait_for<MatchReady>(found.match_id));
  }
  for (const auto& found : all) EXPECT_EQ(world_.published.about<MatchReady>(found.match_id).size(), 1U);
  EXPECT_EQ(orchestrator.allocated().size(), all.size());
}

TEST_F(ServerAllocation, AMatchThatCannotBeStoredDoesNotHoldUpTheOthers) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 1000);
  std::vector<MatchFound> all;
  for (int i = 0; i < 20; ++i) all.push_back(fresh_match());
  const RowRefused refusal(world_, all[3].match_id, "ready");
  Timing once;  // no sweep requests a server again
  once.sweep_interval = Milliseconds{600'000};
  Instance instance(world_, once);
  for (const auto& found : all) publish(found);
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_TRUE(i == 3 || becomes(all[i].match_id, MatchStatus::ready)) << i;
  }
  EXPECT_EQ(get(all[3].match_id)->status, MatchStatus::allocating);
}

TEST_F(ServerAllocation, RowsAreDeletedEightDaysAfterTheEnd) {
  FakeOrchestrator orchestrator(*world_.bus, world_.metrics, 10);
  Instance instance(world_, quick());
  const auto young = ready_match();
  const auto old = ready_match();
  for (const auto& found : {young, old}) {
    ASSERT_TRUE(report(result_of(found, 0)).ok());
    ASSERT_TRUE(testing::eventually([&] { return released(found.match_id); }));
  }
  const auto age = [&](const MatchFound& found, const std::string& by) {
    world_.database.rows("UPDATE session.match SET ended_at = now() - interval '" + by + "' WHERE match_id = '" +
                         found.match_id.to_string() + "'");
  };
  age(young, "7 days 23 hours");
  age(old, "8 days 1 hour");
  metrics::Registry registry;
  storage::PostgresOptions options;
  options.url = world_.postgres.url_as("session");
  options.password = world_.postgres.password_of("session");
  storage::Postgres as_session(options);
  bus::Outbox outbox(as_session, *world_.bus, "session", registry);
  Store store(as_session, outbox);
  EXPECT_EQ(*store.prune(Timing{}.retention, soon()), 1);
  EXPECT_TRUE(get(young.match_id).ok());
  EXPECT_EQ(get(old.match_id).error().code, Code::not_found);
}

}  // namespace
}  // namespace mm::session
