// Tests outages of PostgreSQL, NATS and Redis: no match is lost, no event takes effect twice, no match is cancelled for
// them.
#include <gtest/gtest.h>

#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

/// Each test has its own servers, because it stops them.
class Outage : public ::testing::Test, protected World {
 protected:
  MatchView view(MatchId match) {
    const auto found = bus->request(GetMatch{match, std::nullopt}, Caller{}, Deadline::after(Milliseconds{2'000}));
    return found ? *found : MatchView{};
  }
  bool becomes(MatchId match, MatchStatus status) {
    return testing::eventually(
        [&] {
          const auto seen = view(match);
          return seen.match_id == match && seen.status == status;
        },
        Milliseconds{30'000});
  }
  void publish(const MatchFound& found) {
    ASSERT_TRUE(testing::eventually([&] { return bus->store(found, found.match_id.to_string() + ".1", soon()).ok(); }));
  }

  Timing quick_ = [] {
    Timing timing;
    timing.sweep_interval = Milliseconds{50};
    return timing;
  }();
};

TEST_F(Outage, MatchesFoundWhileTheDatabaseIsAwayWaitAndNothingIsLost) {
  FakeOrchestrator orchestrator(*bus, metrics, 100);
  Instance instance(*this, quick_);
  const auto before = fresh_match();
  publish(before);
  ASSERT_TRUE(becomes(before.match_id, MatchStatus::ready));

  postgres.kill();
  const auto during = fresh_match();
  publish(during);
  const auto result = result_of(before, 1);
  const auto refused = bus->request(result, as_server(before.match_id), soon());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status(), 503);
  EXPECT_TRUE(refused.error().retry_after_seconds.has_value());

  postgres.restart();
  EXPECT_TRUE(becomes(during.match_id, MatchStatus::ready));
  ASSERT_TRUE(testing::eventually([&] { return bus->request(result, as_server(before.match_id), soon()).ok(); }));
  ASSERT_TRUE(published.wait_for<MatchCompleted>(before.match_id));
  EXPECT_EQ(published.about<MatchReady>(during.match_id).size(), 1U);
}

TEST_F(Outage, NoServerIsLostForHeartbeatsThatCouldNotArrive) {
  auto timing = quick_;
  timing.heartbeat_timeout = Milliseconds{1'500};
  FakeOrchestrator orchestrator(*bus, metrics, 100);
  Instance instance(*this, timing);
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::ready));
  const auto beats = [&] {
    return bus
        ->request(Heartbeat{found.match_id, 0, ServerPhase::running}, as_server(found.match_id),
                  Deadline::after(Milliseconds{500}))
        .ok();
  };
  // Session has been available for longer than the heartbeat timeout, so it may judge.
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(testing::eventually(
      [&] { return beats() && std::chrono::steady_clock::now() - start > timing.heartbeat_timeout * 2; }));
  postgres.freeze();
  const auto frozen = Deadline::after(timing.heartbeat_timeout * 2);
  EXPECT_TRUE(testing::eventually([&] { return frozen.passed(); }));
  postgres.thaw();
  ASSERT_TRUE(testing::eventually(beats));
  EXPECT_EQ(view(found.match_id).status, MatchStatus::running);
}

TEST_F(Outage, EventsWaitForABusThatComesBackWithoutItsState) {
  FakeOrchestrator orchestrator(*bus, metrics, 100);
  Instance instance(*this, quick_);
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::ready));
  ASSERT_TRUE(published.wait_for<MatchReady>(found.match_id));

  const auto before = bus->server_id();
  nats.restart_without_state();
  ASSERT_TRUE(testing::eventually([&] { return bus->connected() && bus->server_id() != before; }));
  const auto result = result_of(found, 0);
  ASSERT_TRUE(testing::eventually([&] { return bus->request(result, as_server(found.match_id), soon()).ok(); }));
  EXPECT_TRUE(published.wait_for<MatchCompleted>(found.match_id));
  // The events of the lost stream are resent, and confirmed by the new nats-server.
  const auto resent = "SELECT count(*) FROM session.outbox WHERE sent_under = '" + bus->server_id() +
                      "' AND message_id = '" + found.match_id.to_string() + ".ready'";
  EXPECT_TRUE(testing::eventually([&] { return database.number(resent) == 1; }));

  const auto next = fresh_match();
  publish(next);
  EXPECT_TRUE(becomes(next.match_id, MatchStatus::ready));
}

TEST_F(Outage, WithoutTheCacheMatchesGoOn) {
  FakeOrchestrator orchestrator(*bus, metrics, 100);
  Instance instance(*this, quick_);
  cache.kill();
  const auto found = fresh_match();
  publish(found);
  ASSERT_TRUE(becomes(found.match_id, MatchStatus::ready));
  EXPECT_TRUE(bus->request(result_of(found, 0), as_server(found.match_id), soon()).ok());
  EXPECT_TRUE(published.wait_for<MatchCompleted>(found.match_id));
}

}  // namespace
}  // namespace mm::session
