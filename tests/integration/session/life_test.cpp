// Tests a match from found to over, and which callers may read it and report on it.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "common/contracts/frames.h"
#include "common/security/jwt.h"
#include "tests/integration/session/world.h"

namespace mm::session {
namespace {

class MatchLife : public SessionTest {
 protected:
  FakeOrchestrator orchestrator_{*world_.bus, world_.metrics, 1000};
  Instance instance_{world_};
};

TEST_F(MatchLife, GoesFromFoundToCompleted) {
  const auto found = fresh_match({2, 2});
  const auto id = found.match_id;
  for (const auto player : players_in(found)) world_.set_connected(player);
  publish(found);

  const auto ready = world_.published.wait_for<MatchReady>(id);
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->server_endpoint, "127.0.0.1:4242");
  EXPECT_EQ(ready->teams.size(), 2U);
  EXPECT_EQ(send_heartbeat(id)->next_heartbeat_seconds, 5);
  EXPECT_TRUE(becomes(id, MatchStatus::running));

  const auto answer = report(result_of(found, 1));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, MatchStatus::completed);
  const auto completed = world_.published.wait_for<MatchCompleted>(id);
  ASSERT_TRUE(completed);
  EXPECT_EQ(completed->winning_team, 1);
  EXPECT_EQ(completed->duration_seconds, 12.5);
  EXPECT_LE(completed->started_at, completed->ended_at);
  EXPECT_EQ(completed->teams[1][1].player_id, players_in(found)[3]);
  EXPECT_EQ(completed->teams[1][1].ticket_id, tickets_in(found)[3]);
  EXPECT_EQ(completed->teams[1][1].mmr, 1500.25);
  EXPECT_EQ(completed->teams[1][1].stats.text, R"({"kills":3})");

  EXPECT_TRUE(testing::eventually([&] { return orchestrator_.releases_of(id) == 1; }));
  EXPECT_TRUE(testing::eventually([&] { return world_.published.about<SessionStateChanged>(id).size() == 4; }));
  std::vector<MatchStatus> states;
  for (const auto& change : world_.published.about<SessionStateChanged>(id)) states.push_back(change.to);
  EXPECT_EQ(states,
            (std::vector{MatchStatus::allocating, MatchStatus::ready, MatchStatus::running, MatchStatus::completed}));
}

TEST_F(MatchLife, SendsEachPlayerTheirOwnTokenAndTheServerItsOwn) {
  const auto found = fresh_match({1, 1});
  const auto id = found.match_id;
  const auto players = players_in(found);
  for (const auto player : players) world_.set_connected(player);
  publish(found);
  for (const auto player : players) {
    const auto frame = world_.published.wait_for_frame(player, "session_ready");
    ASSERT_TRUE(frame);
    const auto data = wire::decode<frames::SessionReady>(frame->data, wire::Unknown::refused);
    ASSERT_TRUE(data.ok());
    EXPECT_EQ(data->server_url, "ws://127.0.0.1:4242/match/" + id.to_string());
    const auto view = get(id, as_player(player));
    ASSERT_TRUE(view.ok());
    EXPECT_EQ(view->join_token, data->join_token);
    EXPECT_EQ(view->expires_at, data->expires_at);

    const security::TokenSigner joins({orchestrator_.request_of(id)->join_key});
    const auto claims = joins.verify_join(data->join_token, SystemClock().now());
    ASSERT_TRUE(claims.ok());
    EXPECT_EQ(claims->player, player);
    EXPECT_EQ(claims->match, id);
  }
  // The game server verifies join tokens with the match's key. The platform's key verifies only the server token.
  const runtime::Credentials credentials(testing::credentials_of("session"));
  const security::TokenSigner servers({credentials.require("server_token_key")});
  const auto server = servers.verify_server(orchestrator_.request_of(id)->server_token, SystemClock().now());
  ASSERT_TRUE(server.ok());
  EXPECT_EQ(server->match, id);
  EXPECT_FALSE(servers.verify_join(*get(id, as_player(players[0]))->join_token, SystemClock().now()).ok());
}

TEST_F(MatchLife, PutsNoTokenOrKeyIntoAnEvent) {
  const auto found = ready_match();
  const auto id = found.match_id;
  const auto token = *get(id, as_player(players_in(found)[0]))->join_token;
  ASSERT_TRUE(report(result_of(found, 0)).ok());
  ASSERT_TRUE(world_.published.wait_for<MatchCompleted>(id));
  const auto request = *orchestrator_.request_of(id);
  for (const auto* subject : {"match.ready", "match.completed", "session.state_changed"}) {
    for (const auto& body : world_.published.bodies(subject)) {
      EXPECT_EQ(body.find(token), std::string::npos) << subject;
      EXPECT_EQ(body.find(request.server_token), std::string::npos) << subject;
      EXPECT_EQ(body.find(request.join_key), std::string::npos) << subject;
    }
  }
}

TEST_F(MatchLife, ShowsAMatchToItsPlayersAndServicesOnly) {
  const auto found = ready_match();
  const auto id = found.match_id;
  const auto player = players_in(found)[1];
  const auto own = get(id, as_player(player));
  ASSERT_TRUE(own.ok());
  EXPECT_EQ(own->team, 1);
  EXPECT_EQ(own->status, MatchStatus::ready);
  EXPECT_TRUE(own->join_token.has_value());

  const auto service = get(id);
  EXPECT_EQ(service->team, -1);
  EXPECT_FALSE(service->join_token.has_value());

  EXPECT_EQ(get(id, as_player(PlayerId::fresh(SystemClock().now()))).error().code, Code::not_found);
  auto foreign = as_player(player);
  foreign.tenant = *Tenant::parse("other");
  EXPECT_EQ(get(id, foreign).error().code, Code::not_found);
  EXPECT_EQ(get(id, as_server(MatchId::fresh(SystemClock().now()))).error().code, Code::not_found);
  EXPECT_EQ(get(MatchId::fresh(SystemClock().now())).error().code, Code::not_found);
}

TEST_F(MatchLife, FindsTheLiveMatchOfAPlayerUntilItIsOver) {
  const auto found = ready_match();
  const auto player = players_in(found)[0];
  EXPECT_EQ(get_live(player)->match_id, found.match_id);
  EXPECT_EQ(get_live(PlayerId::fresh(SystemClock().now())).error().code, Code::no_match);
  // Another player's match is refused.
  const auto spied = world_.bus->request(GetMatch{std::nullopt, player}, as_player(players_in(found)[1]), soon());
  EXPECT_EQ(spied.error().code, Code::no_match);

  ASSERT_TRUE(report(result_of(found, 0)).ok());
  EXPECT_EQ(get_live(player).error().code, Code::no_match);
  // After the match a player may still read it, but gets no server and no token.
  const auto after = get(found.match_id, as_player(player));
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->status, MatchStatus::completed);
  EXPECT_FALSE(after->server_endpoint || after->server_url || after->join_token || after->expires_at);
}

TEST_F(MatchLife, AcceptsHeartbeatsAndResultsOnlyFromTheServerOfTheMatch) {
  const auto found = ready_match();
  const auto id = found.match_id;
  const auto other = MatchId::fresh(SystemClock().now());
  for (const auto& caller : {Caller{}, as_player(players_in(found)[0]), as_server(other)}) {
    EXPECT_EQ(send_heartbeat_as(caller, id).error().code, Code::forbidden);
    EXPECT_EQ(report_as(caller, result_of(found, 0)).error().code, Code::forbidden);
  }
  EXPECT_EQ(send_heartbeat(other).error().code, Code::not_found);
  auto unknown = result_of(found, 0);
  unknown.match_id = other;
  EXPECT_EQ(report(unknown).error().code, Code::not_found);
  EXPECT_EQ(get(id)->status, MatchStatus::ready);
}

TEST_F(MatchLife, RunsFromTheFirstHeartbeatWithTheStatusRunning) {
  const auto id = ready_match().match_id;
  ASSERT_TRUE(send_heartbeat(id, ServerPhase::starting).ok());
  EXPECT_EQ(get(id)->status, MatchStatus::ready);
  ASSERT_TRUE(send_heartbeat(id).ok());
  ASSERT_TRUE(send_heartbeat(id).ok());
  ASSERT_TRUE(send_heartbeat(id, ServerPhase::ending).ok());
  EXPECT_EQ(get(id)->status, MatchStatus::running);
}

TEST_F(MatchLife, AcceptsOneResultAndAnswersItsRepeatAlike) {
  const auto found = ready_match({2, 2});
  const auto id = found.match_id;
  for (const auto player : players_in(found)) world_.set_connected(player);
  const auto first = report(result_of(found, std::nullopt));
  ASSERT_TRUE(first.ok());
  auto reordered = result_of(found, std::nullopt);
  std::swap((*reordered.player_stats)[0], (*reordered.player_stats)[3]);
  const auto again = report(reordered);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(wire::encode(*again), wire::encode(*first));
  EXPECT_EQ(report(result_of(found, 0)).error().code, Code::result_conflict);
  EXPECT_EQ(report(result_of(found, 0)).error().status(), 409);
  EXPECT_EQ(send_heartbeat(id).error().code, Code::match_over);

  const auto frame = world_.published.wait_for_frame(players_in(found)[0], "match_completed");
  ASSERT_TRUE(frame);
  EXPECT_NE(frame->data.find(R"("winning_team":null)"), std::string::npos) << frame->data;
  EXPECT_TRUE(
      testing::eventually([&] { return !world_.published.bodies("events.violation.result_conflict").empty(); }));
  EXPECT_EQ(world_.published.about<MatchCompleted>(id).size(), 1U);
  EXPECT_EQ(instance_.metric("mm_session_results_repeated_total"), 1);
}

TEST_F(MatchLife, AcceptsEqualResultsAtTheSameTimeAsOne) {
  const auto found = ready_match();
  std::vector<std::thread> reporters;
  std::atomic<int> accepted = 0;
  for (int i = 0; i < 8; ++i) {
    reporters.emplace_back([&] { accepted += report(result_of(found, 1)).ok() ? 1 : 0; });
  }
  for (auto& reporter : reporters) reporter.join();
  EXPECT_EQ(accepted, 8);
  ASSERT_TRUE(world_.published.wait_for<MatchCompleted>(found.match_id));
  EXPECT_EQ(instance_.metric(R"(mm_session_matches_total{state="completed"})"), 1);
}

TEST_F(MatchLife, AcceptsResultsThatComeTogetherWhateverBecomesOfTheirNeighbours) {
  const auto unknown = fresh_match();
  const auto unfit = ready_match();
  const auto unwritable = ready_match();
  const RowRefused refusal(world_, unwritable.match_id, "completed");
  std::vector<MatchFound> good;
  for (int i = 0; i < 16; ++i) good.push_back(ready_match());
  std::vector<std::thread> reporters;
  std::map<MatchId, Reply<ResultAnswer>> answers;
  std::mutex mutex;
  const auto report_together = [&](const MatchFound& found, int winner) {
    reporters.emplace_back([&, winner] {
      auto answer = report(result_of(found, winner));
      const std::lock_guard lock(mutex);
      answers.emplace(found.match_id, std::move(answer));
    });
  };
  for (const auto& found : good) report_together(found, 1);
  report_together(unknown, 1);
  report_together(unfit, 7);
  report_together(unwritable, 1);
  for (auto& reporter : reporters) reporter.join();
  for (const auto& found : good) {
    EXPECT_TRUE(answers.at(found.match_id).ok());
    EXPECT_TRUE(world_.published.wait_for<MatchCompleted>(found.match_id));
  }
  EXPECT_EQ(answers.at(unknown.match_id).error().code, Code::not_found);
  EXPECT_EQ(answers.at(unfit.match_id).error().status(), 422);
  EXPECT_EQ(answers.at(unwritable.match_id).error().code, Code::internal_error);
  EXPECT_EQ(get(unfit.match_id)->status, MatchStatus::ready);
  EXPECT_EQ(get(unwritable.match_id)->status, MatchStatus::ready);
}

TEST_F(MatchLife, RefusesAResultThatDoesNotFitTheMatch) {
  const auto found = ready_match();
  auto result = result_of(found, 2);
  result.player_stats->push_back({R"({"player_id":")" + PlayerId::fresh(SystemClock().now()).to_string() + "\"}"});
  const auto refused = report(result);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status(), 422);
  ASSERT_EQ(refused.error().errors.size(), 2U);
  EXPECT_EQ(refused.error().errors[0].pointer, "/winning_team");
  EXPECT_EQ(refused.error().errors[1].pointer, "/player_stats/2/player_id");
  EXPECT_EQ(get(found.match_id)->status, MatchStatus::ready);

  const auto silent = world_.bus->request(
      "session.result", R"({"match_id":")" + found.match_id.to_string() + R"(","duration_seconds":1})",
      as_server(found.match_id), soon());
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().errors[0].pointer, "/winning_team") << "an absent winning_team is not a draw";
}

}  // namespace
}  // namespace mm::session
