// Tests of WebSockets whose login ends, on any gateway, and of WebSockets after an outage of the cache or the bus.
#include "tests/integration/gateway/socket_players.h"

#include <chrono>

namespace mm::gateway::testing {
namespace {

// Without an event, a gateway finds an ended login by itself within 15 s. A socket that closes faster was closed by the
// event.
constexpr std::chrono::seconds kFrameTimeout{5};

struct Login {
  Player player;
  std::string refresh_token;
};

/// Logs the same player in once more.
Login log_in(const LoggedIn& who, const Instance& at = gateway()) {
  fake<LoginPlayer>().answer(who);
  const auto answer = at.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  return {{who.player_id, who.username, {}, answer.at("access_token")}, answer.at("refresh_token")};
}

Answer refresh(const std::string& token, const Instance& at = gateway()) {
  return at.send("POST", "/v1/auth/refresh", R"({"refresh_token":")" + token + "\"}");
}

class Stopwatch {
 public:
  bool within(std::chrono::steady_clock::duration time) const {
    return std::chrono::steady_clock::now() - start_ < time;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

TEST(SocketEndings, ALogoutClosesTheLoginsSocketsOnEveryGateway) {
  nobody_is_anywhere();
  const auto who = logged_in();
  const auto ending = log_in(who);
  const auto staying = log_in(who);
  Instance other;
  Welcomed here(ending.player);
  Welcomed there(ending.player, other);
  Welcomed kept(staying.player, other);
  const Stopwatch since_logout;
  gateway().send("POST", "/v1/auth/logout", R"({"refresh_token":")" + ending.refresh_token + "\"}",
                 ending.player.auth());
  EXPECT_EQ(here.socket.read_close(), 4401);
  EXPECT_EQ(there.socket.read_close(), 4401);
  EXPECT_TRUE(since_logout.within(kFrameTimeout));
  kept.socket.send(R"({"type":"ping"})");
  EXPECT_EQ(kept.socket.read().at("event"), "pong") << "another login of the player goes on";
  WebSocket late(other.port(), "/v1/ws");
  late.send(R"({"type":"hello","token":")" + ending.player.token + "\"}");
  EXPECT_EQ(late.read_close(), 4401);
}

TEST(SocketEndings, NoFrameReachesASocketAfterItsLogout) {
  nobody_is_anywhere();
  const auto login = log_in(logged_in());
  Instance other;
  Welcomed here(login.player);
  Welcomed there(login.player, other);
  gateway().send("POST", "/v1/auth/logout", R"({"refresh_token":")" + login.refresh_token + "\"}", login.player.auth());
  EXPECT_TRUE(mm::testing::eventually([&] { return frame_sender().sockets_of(login.player) == 0; }));
  for (int seq = 1; seq <= 5; ++seq) frame_sender().raw(login.player, seq, "session_ready");
  for (auto* socket : {&here.socket, &there.socket}) {
    EXPECT_EQ(socket->read().at("event"), "bye");
    EXPECT_EQ(socket->read().close_code(), 4401) << "no other frame comes before";
  }
}

TEST(SocketEndings, AReusedRefreshTokenClosesTheSocketsOfItsFamily) {
  nobody_is_anywhere();
  const auto login = log_in(logged_in());
  Instance other;
  Welcomed here(login.player);
  Welcomed there(login.player, other);
  const auto child = refresh(login.refresh_token).at("refresh_token");
  ASSERT_EQ(refresh(child).status, 200);
  const Stopwatch since_reuse;
  expect_problem(refresh(login.refresh_token), 401, "invalid_refresh_token");
  EXPECT_EQ(here.socket.read_close(), 4401);
  EXPECT_EQ(there.socket.read_close(), 4401);
  EXPECT_TRUE(since_reuse.within(kFrameTimeout));
}

TEST(SocketEndings, ALogoutIsToldOnceTheBusIsBack) {
  World own_world;
  nobody_is_in(own_world);
  own_world.fake<LoginPlayer>().answer(logged_in());
  Instance one({}, own_world);
  Instance two({}, own_world);
  const auto login = one.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})");
  const Player player{{}, "ada", {}, login.at("access_token")};
  Welcomed there(player, two);
  own_world.nats.kill();
  const auto logout =
      one.send("POST", "/v1/auth/logout", R"({"refresh_token":")" + login.at("refresh_token") + "\"}", player.auth());
  EXPECT_EQ(logout.status, 204);
  own_world.nats.restart();
  const Stopwatch since_return;
  EXPECT_EQ(there.socket.read_close(), 4401);
  EXPECT_TRUE(since_return.within(kFrameTimeout));
}

/// A world of its own with one gateway, for outages of its cache or bus.
struct Outage {
  Outage() { nobody_is_in(world); }
  void chat(const Player& player) {
    notifier.notify(default_tenant(), {player.id}, frames::ChatMessage{PartyId{}, player.id, player.name, "hello"});
  }
  bool is_known(const Player& player) {
    const auto known = cache.command({"EXISTS", "mm:{default}:presence:" + player.id.to_string()}, soon());
    return known.ok() && known->integer == 1;
  }

  World world;
  SystemClock clock;
  storage::Redis cache{mm::testing::redis_options(world.cache)};
  bus::Notifier notifier{*world.bus, cache, clock};
  Instance at{{}, world};
};

TEST(SocketOutages, AfterACacheThatLostEverythingEverySocketIsWelcomedAndTold) {
  Outage outage;
  std::vector<Player> players;
  std::vector<std::unique_ptr<Welcomed>> sockets;
  for (int i = 0; i < 50; ++i) {
    players.push_back(fresh_player());
    sockets.push_back(std::make_unique<Welcomed>(players.back(), outage.at));
  }
  outage.world.cache.kill();
  outage.world.cache.restart_without_state();
  const Stopwatch since_return;
  for (auto& one : sockets) ASSERT_EQ(one->socket.read_event("welcome").at("event"), "welcome");
  EXPECT_TRUE(since_return.within(kFrameTimeout)) << "presence is written again every 15 s without an outage";
  for (const auto& player : players) EXPECT_TRUE(outage.is_known(player));
  outage.chat(players.front());
  EXPECT_EQ(sockets.front()->socket.read_event("chat_message").at("data/text"), "hello");
}

TEST(SocketOutages, AfterTheBusWasAwayEverySocketIsWelcomed) {
  Outage outage;
  const auto player = fresh_player();
  Welcomed one(player, outage.at);
  outage.world.nats.kill();
  outage.world.nats.restart();
  EXPECT_EQ(one.socket.read_event("welcome").at("event"), "welcome");
}

TEST(SocketOutages, ASocketThatClosedWithoutTheCacheIsReportedLater) {
  Outage outage;
  std::mutex mutex;
  std::vector<bool> connected;
  const auto player = fresh_player();
  const auto listening = bus::subscribe<PresenceChanged>(*outage.world.bus, "", [&](const PresenceChanged& event) {
    std::lock_guard lock(mutex);
    if (event.player_id == player.id) connected.push_back(event.connected);
  });
  const auto seen = [&] {
    std::lock_guard lock(mutex);
    return connected;
  };
  {
    Welcomed one(player, outage.at);
    EXPECT_TRUE(mm::testing::eventually([&] { return seen() == std::vector<bool>{true}; }));
    outage.world.cache.freeze();
  }
  EXPECT_TRUE(mm::testing::eventually([&] { return outage.at.metric("mm_gateway_sockets") == 0; }));
  outage.world.cache.thaw();
  EXPECT_TRUE(mm::testing::eventually([&] { return seen() == std::vector<bool>{true, false}; }));
}

}  // namespace
}  // namespace mm::gateway::testing
