// The sample game server from outside: players, reports to the gateway, and exit when idle.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <functional>

#include "common/security/jwt.h"
#include "common/testing/child.h"
#include "common/wire/json.h"
#include "services/game_server/core/match_outcome.h"
#include "tests/integration/orchestrator/world.h"

namespace mm::orchestrator {
namespace {

class PlayingGames : public OrchestratorTest {
 protected:
  void host(const Game& game) {
    const auto allocation = allocate_at_last(game);
    ASSERT_TRUE(allocation);
    endpoint_ = allocation->server_endpoint;
  }

  std::unique_ptr<WebSocket> connect(const Game& game) {
    return std::make_unique<WebSocket>(endpoint_, "/match/" + game.id().to_string());
  }
  std::unique_ptr<WebSocket> join(const Game& game, PlayerId player) {
    auto socket = connect(game);
    socket->send(R"({"type":"join","token":")" + game.join_token(player) + "\"}");
    EXPECT_EQ(socket->receive(), R"({"event":"joined"})");
    return socket;
  }
  int close_code_of_first_frame(const Game& game, const std::string& frame) {
    auto socket = connect(game);
    socket->send(frame);
    return socket->wait_for_close();
  }

  std::string endpoint_;
};

TEST_F(PlayingGames, APlayerJoinsOnlyWithTheirOwnToken) {
  start(settings());
  const auto game = fresh_game();
  auto other = fresh_game();
  host(game);
  host(other);
  const auto joining = [](const std::string& token) { return R"({"type":"join","token":")" + token + "\"}"; };
  join(game, game.players[0]);
  EXPECT_EQ(close_code_of_first_frame(game, joining("nonsense")), 4401);
  EXPECT_EQ(close_code_of_first_frame(game, joining(other.join_token(other.players[0]))), 4401)
      << "a token of another match";
  EXPECT_EQ(close_code_of_first_frame(game, joining(game.join_token(other.players[0]))), 4401)
      << "a player who is not in the match";
  EXPECT_EQ(close_code_of_first_frame(game, joining(game.request.server_token)), 4401);
  const security::TokenSigner signer({game.request.join_key});
  const auto now = SystemClock().now();
  EXPECT_EQ(
      close_code_of_first_frame(
          game, joining(signer.sign(security::JoinClaims{game.id(), game.players[0], now - std::chrono::minutes(5)}))),
      4401)
      << "expired";
  EXPECT_EQ(
      close_code_of_first_frame(
          game, joining(signer.sign(security::ServerClaims{game.id(), default_tenant(), now + std::chrono::hours(1)}))),
      4401)
      << "a token of a server, not of a player";
  EXPECT_EQ(close_code_of_first_frame(game, R"({"type":"message","data":1})"), 4401);
  EXPECT_EQ(close_code_of_first_frame(game, "{"), 4401);
  EXPECT_EQ(WebSocket(endpoint_, "/match/" + MatchId::fresh(now).to_string()).status(), 404);
  EXPECT_EQ(WebSocket(endpoint_, "/").status(), 404);
}

TEST_F(PlayingGames, ASocketThatDoesNotJoinIsClosed) {
  start(settings());
  const auto game = fresh_game();
  host(game);
  EXPECT_EQ(connect(game)->wait_for_close(), 4401);
}

TEST_F(PlayingGames, MessagesReachOnlyTheOtherPlayersOfTheMatch) {
  start(settings());
  const auto game = fresh_game({2, 2});
  const auto other = fresh_game();
  host(game);
  host(other);
  const auto a = join(game, game.players[0]);
  const auto b = join(game, game.players[1]);
  const auto c = join(game, game.players[2]);
  const auto stranger = join(other, other.players[0]);
  const auto message = [&](PlayerId from, const std::string& data) {
    return R"({"event":"message","from":")" + from.to_string() + R"(","data":)" + data + "}";
  };
  a->send(R"({"type":"message","data":{"x":[1,2.50,null]}})");
  EXPECT_EQ(b->receive(), message(game.players[0], R"({"x":[1,2.50,null]})"));
  EXPECT_EQ(c->receive(), message(game.players[0], R"({"x":[1,2.50,null]})"));
  b->send(R"({"type":"message"})");
  EXPECT_EQ(a->receive(), message(game.players[1], "null")) << "a player does not get the own message";
  EXPECT_EQ(c->receive(), message(game.players[1], "null"));
  const auto friend_of_stranger = join(other, other.players[1]);
  friend_of_stranger->send(R"({"type":"message","data":"hello"})");
  EXPECT_EQ(stranger->receive(), message(other.players[1], R"("hello")"));
}

TEST_F(PlayingGames, AViolationClosesTheSocketWithItsCode) {
  start(settings());
  const auto game = fresh_game({1, 1});
  host(game);
  const auto closes = [&](const std::function<void(WebSocket&)>& what) {
    const auto socket = join(game, game.players[0]);
    what(*socket);
    return socket->wait_for_close();
  };
  EXPECT_EQ(closes([](WebSocket& s) { s.send(R"({"type":"shout"})"); }), 4400);
  EXPECT_EQ(closes([](WebSocket& s) { s.send(R"({"type":"message","data":1,"more":2})"); }), 4400);
  EXPECT_EQ(closes([](WebSocket& s) { s.send("no json"); }), 4400);
  EXPECT_EQ(closes([](WebSocket& s) { s.send(std::string(9'000, 'x')); }), 1009);
  EXPECT_EQ(closes([](WebSocket& s) {
              for (int i = 0; i < 2'000; ++i) s.send(R"({"type":"message","data":1})");
            }),
            4429);
  const auto first = join(game, game.players[0]);
  const auto second = join(game, game.players[0]);
  EXPECT_EQ(first->wait_for_close(), 4409);
}

TEST_F(PlayingGames, APlayerWhoDoesNotReadIsDisconnectedAndTheOthersAreServed) {
  start(settings());
  const auto game = fresh_game({3, 3});
  gateway_.answer_with([](const HttpRequest&) -> HttpAnswer {
    return {200, R"({"acknowledged":true,"next_heartbeat_seconds":1})"};
  });
  host(game);
  const auto slow_reader = join(game, game.players[0]);
  const auto listener = join(game, game.players[1]);
  std::vector<std::unique_ptr<WebSocket>> senders;
  for (std::size_t i = 2; i < 6; ++i) senders.push_back(join(game, game.players[i]));
  const auto here = [&] {
    return *json::Document::parse(heartbeats(game.id()).back().body)->root().find("player_count")->integer();
  };
  ASSERT_TRUE(testing::eventually([&] { return here() == 6; }));
  // Each sends its whole burst, which is more than the buffers of the slow reader hold.
  const auto big = R"({"type":"message","data":")" + std::string(8'000, 'x') + "\"}";
  const auto everyone_reads = [&](const WebSocket* but) {
    EXPECT_TRUE(listener->receive());
    for (const auto& sender : senders) {
      EXPECT_TRUE(sender.get() == but || sender->receive());
    }
  };
  for (const auto& sender : senders) {
    for (int i = 0; i < 40; ++i) {
      sender->send(big);
      everyone_reads(sender.get());
    }
  }
  EXPECT_TRUE(testing::eventually([&] { return here() == 5; }));
  listener->send(R"({"type":"message","data":1})");
  EXPECT_TRUE(senders.front()->receive()) << "the listener is still connected";
}

TEST_F(PlayingGames, AGameEndsWithItsResultAndDisconnectsItsPlayers) {
  auto quick = settings();
  quick.game_seconds = 1;
  start(quick);
  auto game = fresh_game({2, 2});
  for (auto& player : game.request.teams[0]) player.mmr = 1700;
  host(game);
  const auto player = join(game, game.players[0]);
  EXPECT_EQ(player->wait_for_close(), 1000);
  ASSERT_TRUE(testing::eventually([&] { return !results(game.id()).empty(); }));
  const auto result = results(game.id()).front();
  EXPECT_EQ(result.authorization, "Bearer " + game.request.server_token);
  const auto document = json::Document::parse(result.body);
  ASSERT_TRUE(document.ok());
  EXPECT_EQ(document->root().find("winning_team")->integer(), game::winner(game.id(), 2, {{1700, 1700}, {1500, 1500}}));
  EXPECT_GE(*document->root().find("duration_seconds")->real(), 1);
  EXPECT_EQ(document->root().find("player_stats")->size(), 4U);
}

TEST_F(PlayingGames, AResultIsReportedWithoutPlayersAndUntilItIsAccepted) {
  auto quick = settings();
  quick.game_seconds = 1;
  start(quick);
  const auto game = fresh_game();
  std::atomic<int> tries = 0;
  gateway_.answer_with([&](const HttpRequest& request) -> HttpAnswer {
    if (!request.target.ends_with("/result")) return {200, R"({"acknowledged":true,"next_heartbeat_seconds":5})"};
    switch (++tries) {
      case 1: return {.hang_up = true};
      case 2: return {500, "{}"};
      case 3: return {429, "{}", "Retry-After: 1\r\n"};
      case 4: return {503, "{}", "Retry-After: 0\r\n"};
      default: return {200, "{}"};
    }
  });
  host(game);
  ASSERT_TRUE(testing::eventually([&] { return tries >= 5; }, Milliseconds{30'000}));
  const auto sent = results(game.id());
  for (const auto& one : sent) EXPECT_EQ(one.body, sent.front().body);
  // After the result is accepted, the server does not host the match any more.
  EXPECT_TRUE(testing::eventually([&] { return connect(game)->status() == 404; }));
  EXPECT_EQ(tries, 5);
}

TEST_F(PlayingGames, ARefusedResultIsNotReportedAgain) {
  auto quick = settings();
  quick.game_seconds = 1;
  start(quick);
  const auto game = fresh_game();
  gateway_.answer_with([&](const HttpRequest& request) -> HttpAnswer {
    return request.target.ends_with("/result") ? HttpAnswer{409, "{}"} : HttpAnswer{};
  });
  host(game);
  EXPECT_TRUE(testing::eventually([&] { return connect(game)->status() == 404; }));
  EXPECT_EQ(results(game.id()).size(), 1U);
}

TEST_F(PlayingGames, ARefusedHeartbeatEndsTheMatchWithoutAResult) {
  start(settings());
  const auto game = fresh_game();
  std::atomic<bool> over = false;
  gateway_.answer_with([&](const HttpRequest&) -> HttpAnswer {
    return over ? HttpAnswer{409, "{}"} : HttpAnswer{200, R"({"acknowledged":true,"next_heartbeat_seconds":1})"};
  });
  host(game);
  const auto player = join(game, game.players[0]);
  over = true;
  EXPECT_EQ(player->wait_for_close(), 1000);
  EXPECT_TRUE(results(game.id()).empty());
}

TEST_F(PlayingGames, HeartbeatsCountThePlayers) {
  start(settings());
  const auto game = fresh_game();
  gateway_.answer_with([](const HttpRequest&) -> HttpAnswer {
    return {200, R"({"acknowledged":true,"next_heartbeat_seconds":1})"};
  });
  host(game);
  const auto player = join(game, game.players[0]);
  EXPECT_TRUE(testing::eventually(
      [&] { return heartbeats(game.id()).back().body == R"({"player_count":1,"status":"running"})"; }));
}

TEST_F(PlayingGames, AnIdleServerExits) {
  const auto id = ServerId::fresh(SystemClock().now()).to_string();
  testing::ChildCommand command;
  command.arguments = {settings().game_server_program};
  command.environment = {"MM_SERVER_ID=" + id, "MM_RUNTIME_DIR=" + folder_, "MM_GAME_IDLE_SECONDS=1"};
  command.output = folder_ + "/log";
  const auto pid = testing::start_child(command);
  EXPECT_EQ(testing::wait_for_end(pid), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + id + ".sock"));
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + id + ".pid"));
}

}  // namespace
}  // namespace mm::orchestrator
