// Tests of access tokens of ended logins after the Redis "cache" has lost its data and events were lost.
#include "tests/integration/gateway/world.h"

namespace mm::gateway::testing {
namespace {

using mm::testing::eventually;

class EndedLogins : public ::testing::Test {
 protected:
  EndedLogins() {
    nobody_is_in(world_);
    world_.fake<LoginPlayer>().answer(logged_in());
  }

  struct Login {
    std::string access;
    std::string refresh;
    Fields auth() const { return {{"Authorization", "Bearer " + access}}; }
    std::string body() const { return R"({"refresh_token":")" + refresh + "\"}"; }
  };
  static Login log_in(Instance& at) {
    const auto answer = at.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return {answer.at("access_token"), answer.at("refresh_token")};
  }
  static int status(const Instance& at, const Login& login) {
    return at.get("/v1/matchmaking/active", login.auth()).status;
  }
  static int log_out(const Instance& at, const Login& login) {
    return at.send("POST", "/v1/auth/logout", login.body(), login.auth()).status;
  }
  void lose_cache() {
    world_.cache.kill();
    world_.cache.restart_without_state();
  }

  World world_;
};

TEST_F(EndedLogins, AreRefusedByAGatewayThatStartsAfterTheLossOfTheCache) {
  Instance first({}, world_);
  const auto ended = log_in(first), other = log_in(first);
  ASSERT_EQ(log_out(first, ended), 204);
  lose_cache();
  Instance second({}, world_);
  EXPECT_EQ(status(second, ended), 401) << "the first answer of the gateway";
  EXPECT_EQ(status(second, other), 200);
}

TEST_F(EndedLogins, AreRefusedByAGatewayThatGotNoEventWhileTheCacheIsAway) {
  Instance first({}, world_), second({}, world_);
  const auto ended = log_in(first);
  ASSERT_EQ(status(second, ended), 200);
  world_.nats.kill();
  world_.cache.kill();
  ASSERT_EQ(log_out(first, ended), 204);
  EXPECT_TRUE(eventually([&] { return status(second, ended) == 401; }));
}

TEST_F(EndedLogins, IncludeThoseOfAStolenRefreshToken) {
  Instance first({}, world_);
  const auto stolen = log_in(first);
  for (int i = 0; i < 2; ++i) {
    const auto answer = first.send("POST", "/v1/auth/refresh", stolen.body());
    ASSERT_EQ(answer.status, i == 0 ? 200 : 401);
    first.clock.advance(Store::kRefreshGrace + Milliseconds{1});
  }
  lose_cache();
  Instance second({}, world_);
  EXPECT_EQ(status(second, stolen), 401);
}

TEST_F(EndedLogins, IncludeThoseBeyondTheLimitOfAPlayer) {
  Instance first({}, world_);
  std::vector<Login> logins;
  for (int i = 0; i < 51; ++i) {
    first.clock.advance(Milliseconds{1});
    logins.push_back(log_in(first));
  }
  EXPECT_TRUE(eventually([&] { return status(first, logins[0]) == 401; }));
  EXPECT_EQ(status(first, logins[1]), 200);
  lose_cache();
  const auto is_listed = [&] {
    Instance second({}, world_);
    return status(second, logins[0]) == 401;
  };
  EXPECT_TRUE(eventually(is_listed));
}

TEST_F(EndedLogins, AreAllReadAtTheStart) {
  storage::Redis redis(mm::testing::redis_options(world_.queue));
  std::vector<storage::RedisCommand> commands;
  Player last;
  for (std::size_t i = 0; i < 2 * Store::kEndedLoginsPage + 1; ++i) {
    last = fresh_player();
    commands.push_back(
        {{"XADD", "mm:{gateway}:ended_logins", "*", "login", last.login.to_string(), "player", last.id.to_string()},
         nullptr,
         {}});
  }
  ASSERT_TRUE(redis.pipeline(commands, soon()).ok());
  Instance gateway({}, world_);
  expect_problem(gateway.get("/v1/matchmaking/active", last.auth()), 401, "unauthorized");
  EXPECT_EQ(gateway.get("/v1/matchmaking/active", fresh_player().auth()).status, 200);
}

TEST_F(EndedLogins, ALogoutIsRefusedWhileItCannotBeListed) {
  Instance gateway({}, world_);
  const auto login = log_in(gateway);
  world_.queue.kill();
  EXPECT_EQ(log_out(gateway, login), 503);
  world_.queue.restart();
  EXPECT_TRUE(eventually([&] { return log_out(gateway, login) == 204; }));
}

}  // namespace
}  // namespace mm::gateway::testing
