// Orchestrators and game servers that crash, hang and restart.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "common/testing/child.h"
#include "tests/integration/orchestrator/world.h"

namespace mm::orchestrator {
namespace {

class Failing : public OrchestratorTest {
 protected:
  pid_t pid_of(ServerId server) { return game_servers().at(server); }

  /// An orchestrator in a process of its own.
  testing::DaemonProcess start_daemon(const Settings& settings) const {
    return {"orchestrator",
            {"MM_NATS_URL=" + servers_.nats.url(), "MM_POSTGRES_URL=" + settings.postgres_url,
             "MM_RUNTIME_DIR=" + settings.runtime_dir, "MM_GATEWAY_URL=" + settings.gateway_url,
             "MM_GAME_SECONDS=" + std::to_string(settings.game_seconds),
             "MM_MAX_SERVERS=" + std::to_string(settings.max_servers)},
            folder_ + "/orchestrator.log"};
  }
};

TEST_F(Failing, GameServersOutliveTheirOrchestratorAndAreFoundAgain) {
  auto daemon = start_daemon(settings());
  const auto before = fresh_game();
  const auto first = allocate_at_last(before);
  ASSERT_TRUE(first) << testing::tail(folder_ + "/orchestrator.log");
  const auto server = pid_of(first->server_id);
  WebSocket player(first->server_endpoint, "/match/" + before.id().to_string());
  player.send(R"({"type":"join","token":")" + before.join_token(before.players[0]) + "\"}");
  ASSERT_EQ(player.receive(), R"({"event":"joined"})");

  daemon.end(SIGKILL);
  EXPECT_TRUE(is_running(server));

  auto successor = start_daemon(settings());
  const auto again = allocate_at_last(before);
  ASSERT_TRUE(again) << testing::tail(folder_ + "/orchestrator.log");
  EXPECT_EQ(again->server_id, first->server_id);
  const auto after = fresh_game();
  const auto next = allocate_at_last(after);
  ASSERT_TRUE(next);
  EXPECT_EQ(next->server_id, first->server_id) << "the running game server is used";
  EXPECT_EQ(game_servers().size(), 1U);
  // The match goes on.
  WebSocket friend_of_player(first->server_endpoint, "/match/" + before.id().to_string());
  friend_of_player.send(R"({"type":"join","token":")" + before.join_token(before.players[1]) + "\"}");
  ASSERT_EQ(friend_of_player.receive(), R"({"event":"joined"})");
  friend_of_player.send(R"({"type":"message","data":7})");
  EXPECT_TRUE(player.receive());

  // After SIGTERM the game servers go on as well.
  EXPECT_EQ(successor.end(SIGTERM), 0);
  EXPECT_TRUE(is_running(server));
}

TEST_F(Failing, AStandbyTakesOverAndItsMatchesKeepTheirServers) {
  auto first = start_daemon(settings());
  const auto game = fresh_game();
  const auto allocation = allocate_at_last(game);
  ASSERT_TRUE(allocation) << testing::tail(folder_ + "/orchestrator.log");
  // In the process of the test, so that its readiness can be read.
  start(settings());
  EXPECT_TRUE(orchestrator_->ready()) << "as a standby";
  EXPECT_TRUE(orchestrator_->health().is_standby());
  EXPECT_EQ(allocate_at_last(fresh_game())->server_id, allocation->server_id);
  EXPECT_EQ(orchestrator_->metric("mm_orchestrator_allocated_total"), 0) << "a standby serves no request";

  first.kill();
  const auto killed = std::chrono::steady_clock::now();
  // Each request waits shortly, because nats-server may still give the first one to the killed orchestrator.
  EXPECT_TRUE(testing::eventually([&] { return allocate(game, Milliseconds{250}).ok(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - killed, Seconds{2});
  EXPECT_FALSE(orchestrator_->health().is_standby());
  EXPECT_EQ(allocate(game)->server_id, allocation->server_id);
  EXPECT_TRUE(testing::eventually([&] { return orchestrator_->ready(); }));
  EXPECT_EQ(game_servers().size(), 1U) << "the running game server is used";
}

TEST_F(Failing, AStandbyTakesOverWhenTheOtherIsStopped) {
  auto first = start_daemon(settings());
  const auto game = fresh_game();
  const auto allocation = allocate_at_last(game);
  ASSERT_TRUE(allocation) << testing::tail(folder_ + "/orchestrator.log");
  auto second = start_daemon(settings());
  EXPECT_EQ(first.end(SIGTERM), 0);
  const auto again = allocate_at_last(game);
  ASSERT_TRUE(again) << testing::tail(folder_ + "/orchestrator.log");
  EXPECT_EQ(again->server_id, allocation->server_id);
  EXPECT_EQ(second.end(SIGTERM), 0);
}

TEST_F(Failing, AStandbyStopsAtOnce) {
  start(settings());
  auto standby = start_daemon(settings());
  EXPECT_TRUE(testing::eventually(
      [&] { return testing::tail(folder_ + "/orchestrator.log").find("standby_started") != std::string::npos; }));
  EXPECT_EQ(standby.end(SIGTERM), 0);
}

TEST_F(Failing, ASuccessorEndsMatchesThatWereReleasedMeanwhile) {
  start(settings());
  const auto game = fresh_game();
  const auto allocation = allocate(game);
  ASSERT_TRUE(allocation.ok());
  orchestrator_.reset();
  // An instance that cannot reach the game server releases the match.
  auto elsewhere = settings();
  elsewhere.provider = ProviderKind::none;
  start(elsewhere);
  ASSERT_TRUE(release(game.id()).ok());
  Timing timing;
  timing.sweep_interval = Milliseconds{50};
  start(settings(), timing);
  EXPECT_TRUE(testing::eventually(
      [&] { return WebSocket(allocation->server_endpoint, "/match/" + game.id().to_string()).status() == 404; }));
}

TEST_F(Failing, ADeadGameServerIsReapedAndReplaced) {
  start(settings());
  const auto lost = fresh_game();
  const auto first = allocate_at_last(lost);
  ASSERT_TRUE(first);
  const auto dead = pid_of(first->server_id);
  ::kill(dead, SIGKILL);
  const auto game = fresh_game();
  session_.set_status(game.id(), MatchStatus::allocating);
  const auto allocation = allocate_at_last(game);
  ASSERT_TRUE(allocation);
  EXPECT_NE(allocation->server_id, first->server_id);
  EXPECT_TRUE(sends_heartbeat(game.id()));
  EXPECT_TRUE(testing::eventually([&] { return ::kill(dead, 0) != 0; })) << "no zombie";
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + first->server_id.to_string() + ".sock"));
  // A running match is lost. A delayed copy of its allocate request does not start it again.
  session_.set_status(lost.id(), MatchStatus::running);
  EXPECT_EQ(refusal(allocate(lost)), Code::unavailable);
  // A match that is still allocating, because the answer was lost with the server, moves to the new server.
  session_.set_status(lost.id(), MatchStatus::allocating);
  const auto moved = allocate(lost);
  ASSERT_TRUE(moved.ok());
  EXPECT_EQ(moved->server_id, allocation->server_id);
  EXPECT_EQ(allocate(lost)->server_id, moved->server_id);
}

TEST_F(Failing, AHangingGameServerGetsNoNewMatches) {
  start(settings());
  const auto first = allocate_at_last(fresh_game());
  ASSERT_TRUE(first);
  const auto hanging = pid_of(first->server_id);
  ::kill(hanging, SIGSTOP);
  const auto game = fresh_game();
  session_.set_status(game.id(), MatchStatus::allocating);
  const auto allocation = allocate_at_last(game);
  ASSERT_TRUE(allocation);
  EXPECT_NE(allocation->server_id, first->server_id);
  ASSERT_TRUE(sends_heartbeat(game.id()));
  // When it continues, it ends the match that was moved.
  ::kill(hanging, SIGCONT);
  EXPECT_TRUE(testing::eventually(
      [&] { return WebSocket(first->server_endpoint, "/match/" + game.id().to_string()).status() == 404; }));
  EXPECT_EQ(WebSocket(allocation->server_endpoint, "/match/" + game.id().to_string()).status(), 101);
}

TEST_F(Failing, AGameServerThatHangsWhenItIsFoundDoesNotBlockOthers) {
  start(settings());
  const auto first = allocate_at_last(fresh_game());
  ASSERT_TRUE(first);
  orchestrator_.reset();
  const auto hanging = pid_of(first->server_id);
  ::kill(hanging, SIGSTOP);
  start(settings());
  const auto allocation = allocate_at_last(fresh_game());
  ::kill(hanging, SIGCONT);
  ASSERT_TRUE(allocation);
  EXPECT_NE(allocation->server_id, first->server_id);
}

TEST_F(Failing, APortInUseIsSkipped) {
  auto narrow = settings();
  // The first port of the range is in use by the stand-in for the gateway.
  narrow.game_port_first = std::stoi(gateway_.url().substr(gateway_.url().rfind(':') + 1));
  narrow.game_port_count = 50;
  start(narrow);
  const auto allocation = allocate_at_last(fresh_game());
  ASSERT_TRUE(allocation);
  const int port = std::stoi(allocation->server_endpoint.substr(allocation->server_endpoint.rfind(':') + 1));
  EXPECT_GT(port, narrow.game_port_first);
  EXPECT_LT(port, narrow.game_port_first + narrow.game_port_count);
}

TEST_F(Failing, WithoutItsProgramNothingIsReady) {
  auto broken = settings();
  broken.game_server_program = "/bin/false";
  start(broken);
  EXPECT_EQ(refusal(allocate(fresh_game())), Code::no_capacity);
  EXPECT_FALSE(orchestrator_->ready());
}

TEST_F(Failing, WithoutTheDatabaseItRefusesInTimeAndRecovers) {
  testing::OwnPostgres postgres;
  auto own = settings();
  own.postgres_url = postgres.url_as("orchestrator");
  start(own);
  const auto game = fresh_game();
  ASSERT_TRUE(allocate_at_last(game));
  postgres.kill();
  const auto refused = servers_.bus->request(fresh_game().request, Caller{}, Deadline::after(Milliseconds{3'000}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().status(), 503);
  postgres.restart();
  EXPECT_TRUE(allocate_at_last(fresh_game()));
  EXPECT_TRUE(allocate(game).ok());
}

}  // namespace
}  // namespace mm::orchestrator
