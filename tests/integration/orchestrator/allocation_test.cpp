// Allocation and release: repeated, concurrent, delayed and refused requests.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "common/wire/codec.h"
#include "tests/integration/orchestrator/world.h"

namespace mm::orchestrator {
namespace {

using Allocating = OrchestratorTest;

TEST_F(Allocating, ReturnsAServerThatSendsHeartbeatsAtOnce) {
  start(settings());
  const auto game = fresh_game();
  const auto allocation = allocate(game);
  ASSERT_TRUE(allocation.ok()) << allocation.error().detail;
  EXPECT_EQ(allocation->match_id, game.id());
  EXPECT_EQ(allocation->server_url, "ws://" + allocation->server_endpoint + "/match/" + game.id().to_string());
  EXPECT_TRUE(game_servers().contains(allocation->server_id));
  ASSERT_TRUE(sends_heartbeat(game.id()));
  const auto beat = heartbeats(game.id()).front();
  EXPECT_EQ(beat.authorization, "Bearer " + game.request.server_token);
  EXPECT_EQ(beat.body, R"({"player_count":0,"status":"running"})");
  EXPECT_TRUE(testing::eventually([&] { return orchestrator_->ready(); }));
}

TEST_F(Allocating, ReturnsTheSameServerAgain) {
  start(settings());
  const auto game = fresh_game();
  const auto first = allocate(game);
  ASSERT_TRUE(first.ok());
  std::vector<std::thread> callers;
  std::atomic<int> same = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto again = allocate(game);
      same += again && wire::encode(*again) == wire::encode(*first) ? 1 : 0;
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(same, 8);
  ASSERT_TRUE(sends_heartbeat(game.id()));
  EXPECT_EQ(heartbeats(game.id()).size(), 1U) << "the match is hosted once";
}

TEST_F(Allocating, ConcurrentlyForOneMatchAllocatesOneServer) {
  start(settings());
  const auto game = fresh_game();
  std::vector<std::thread> callers;
  std::mutex mutex;
  std::set<ServerId> given;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto allocation = allocate(game);
      const std::lock_guard lock(mutex);
      if (allocation) given.insert(allocation->server_id);
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(given.size(), 1U);
}

TEST_F(Allocating, RefusesAfterTheRelease) {
  start(settings());
  const auto played = fresh_game();
  ASSERT_TRUE(allocate(played).ok());
  ASSERT_TRUE(release(played.id()).ok());
  ASSERT_TRUE(release(played.id()).ok());
  EXPECT_EQ(refusal(allocate(played)), Code::match_over);
  const auto never = fresh_game();
  ASSERT_TRUE(release(never.id()).ok());
  EXPECT_EQ(refusal(allocate(never)), Code::match_over);
}

TEST_F(Allocating, IsForDaemonsOnly) {
  start(settings());
  const auto game = fresh_game();
  for (const auto role : {Role::player, Role::server, Role::admin}) {
    Caller caller;
    caller.role = role;
    if (role == Role::player) caller.player = game.players[0];
    if (role == Role::server) caller.match = game.id();
    EXPECT_EQ(refusal(servers_.bus->request(game.request, caller, soon())), Code::forbidden);
    EXPECT_EQ(refusal(servers_.bus->request(ReleaseServer{game.id()}, caller, soon())), Code::forbidden);
  }
}

TEST_F(Allocating, StartsMoreServersWhenNeededAndRefusesWhenAllAreFull) {
  auto two = settings();
  two.max_servers = 2;
  start(two);
  std::map<ServerId, int> used;
  std::vector<Game> games;
  for (int i = 0; i < 2 * game::kMatchesPerServer; ++i) {
    games.push_back(fresh_game());
    const auto allocation = allocate_at_last(games.back());
    ASSERT_TRUE(allocation) << i;
    ++used[allocation->server_id];
  }
  ASSERT_EQ(used.size(), 2U);
  for (const auto& [server, matches] : used) EXPECT_EQ(matches, game::kMatchesPerServer);
  const auto more = fresh_game();
  EXPECT_EQ(refusal(allocate(more)), Code::no_capacity);
  EXPECT_EQ(allocate(games[5]).ok(), true) << "an allocated match keeps its server";
  ASSERT_TRUE(release(games[70].id()).ok());
  EXPECT_TRUE(allocate(more).ok());
  EXPECT_EQ(refusal(allocate(fresh_game())), Code::no_capacity);
}

TEST_F(Allocating, ReleaseEndsTheMatchOnItsServer) {
  start(settings());
  const auto game = fresh_game();
  const auto allocation = allocate(game);
  ASSERT_TRUE(allocation.ok());
  WebSocket player(allocation->server_endpoint, "/match/" + game.id().to_string());
  ASSERT_EQ(player.status(), 101);
  player.send(R"({"type":"join","token":")" + game.join_token(game.players[0]) + "\"}");
  ASSERT_EQ(player.receive(), R"({"event":"joined"})");
  ASSERT_TRUE(release(game.id()).ok());
  EXPECT_EQ(player.wait_for_close(), 1000);
  EXPECT_EQ(WebSocket(allocation->server_endpoint, "/match/" + game.id().to_string()).status(), 404);
  EXPECT_TRUE(results(game.id()).empty());
}

TEST_F(Allocating, WithoutAProviderThereIsNoServer) {
  auto none = settings();
  none.provider = ProviderKind::none;
  none.runtime_dir = "";
  start(none);
  const auto game = fresh_game();
  EXPECT_EQ(refusal(allocate(game)), Code::no_capacity);
  ASSERT_TRUE(release(game.id()).ok());
  EXPECT_EQ(refusal(allocate(game)), Code::match_over);
}

TEST_F(Allocating, TheSweepReleasesMatchesThatEndedWithoutARelease) {
  Timing timing;
  timing.check_age = Milliseconds{100};
  timing.sweep_interval = Milliseconds{50};
  start(settings(), timing);
  const auto over = fresh_game(), unknown = fresh_game(), running = fresh_game();
  session_.set_status(over.id(), MatchStatus::running);
  session_.set_status(running.id(), MatchStatus::running);
  session_.set_status(unknown.id(), MatchStatus::running);
  for (const auto& game : {over, unknown, running}) ASSERT_TRUE(allocate(game).ok());
  session_.set_status(over.id(), MatchStatus::cancelled);
  EXPECT_TRUE(testing::eventually([&] { return refusal(allocate(over)) == Code::match_over; }));
  EXPECT_TRUE(testing::eventually([&] { return session_.requests_about(running.id()) >= 3; }));
  EXPECT_TRUE(allocate(running).ok());
}

TEST_F(Allocating, TheSweepReleasesAMatchSessionDoesNotKnow) {
  Timing timing;
  timing.check_age = Milliseconds{100};
  timing.sweep_interval = Milliseconds{50};
  start(settings(), timing);
  const auto game = fresh_game();
  ASSERT_TRUE(allocate(game).ok());
  EXPECT_TRUE(testing::eventually([&] { return refusal(allocate(game)) == Code::match_over; }));
}

TEST_F(Allocating, SecretsAreInNoArgumentNoEnvironmentAndNoTable) {
  start(settings());
  const auto game = fresh_game();
  const auto allocation = allocate(game);
  ASSERT_TRUE(allocation.ok());
  ASSERT_TRUE(sends_heartbeat(game.id()));
  const auto process = "/proc/" + std::to_string(game_servers().at(allocation->server_id));
  std::string text;
  for (const auto* file : {"/cmdline", "/environ"}) {
    std::ifstream stream(process + file, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(stream), {});
  }
  std::ifstream log(folder_ + "/game_servers.log");
  text.append(std::istreambuf_iterator<char>(log), {});
  text += servers_.database.rows("SELECT json_agg(a)::text FROM orchestrator.allocation a")[0][0];
  EXPECT_NE(text.find(game.id().to_string()), std::string::npos);
  EXPECT_EQ(text.find(game.request.server_token), std::string::npos);
  EXPECT_EQ(text.find(game.request.join_key), std::string::npos);
}

TEST_F(Allocating, TheLogOfTheServersIsLimited) {
  const auto log = folder_ + "/game_servers.log";
  std::ofstream(log) << "old\n" << std::string(11'000'000, 'x');
  start(settings());
  EXPECT_TRUE(testing::eventually([&] { return std::filesystem::file_size(log) < 1'000'000; }));
  std::ifstream moved(log + ".1");
  std::string first;
  std::getline(moved, first);
  EXPECT_EQ(first, "old");
  // A server that was started before goes on writing to the file.
  ASSERT_TRUE(testing::eventually([&] { return !game_servers().empty(); }));
  ::kill(game_servers().begin()->second, SIGTERM);
  EXPECT_TRUE(testing::eventually([&] {
    std::ifstream file(log);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    return text.find("\"event\":\"stopped\"") != std::string::npos;
  }));
}

}  // namespace
}  // namespace mm::orchestrator
