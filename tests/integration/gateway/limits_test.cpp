// Tests of the limits per player, address and account, and of the gateway without Redis or NATS.
#include "tests/integration/gateway/world.h"

#include <atomic>
#include <map>
#include <thread>

namespace mm::gateway::testing {
namespace {

void with_limits(Settings& settings) {
  settings.rate_limits = true;
  settings.trusted_proxies = "127.0.0.1";
}

/// Headers of a request from another address. The address of the tests is a trusted proxy.
Fields from(const std::string& address, Fields headers = {}) {
  return with(std::move(headers), "X-Forwarded-For", address);
}

std::string fresh_address() {
  static std::atomic<int> last{0};
  const int number = ++last;
  return "203.0." + std::to_string(number / 250) + "." + std::to_string(number % 250);
}

TEST(Limits, APlayerHas100ReadsAnd30WritesAMinuteOnAllGatewaysTogether) {
  Instance one(with_limits);
  Instance two(with_limits);
  const auto player = fresh_player();
  nobody_is_anywhere();
  fake<LeaveParty>().answer(Empty{});
  for (int i = 0; i < 100; ++i) {
    auto& at = i % 2 == 0 ? one : two;
    ASSERT_EQ(at.get("/v1/matchmaking/active", player.auth()).status, 200) << i;
  }
  const auto refused = two.get("/v1/matchmaking/active", player.auth());
  expect_problem(refused, 429, "rate_limited");
  EXPECT_EQ(refused.header("ratelimit").substr(0, 22), "limit=100, remaining=0");
  EXPECT_EQ(refused.header("ratelimit-policy"), "100;w=60");
  EXPECT_EQ(refused.header("retry-after"), "1");
  const auto path = "/v1/party/0190f0a0-0000-7000-8000-000000000001/leave";
  for (int i = 0; i < 30; ++i)
    ASSERT_EQ((i % 2 == 0 ? one : two).send("DELETE", path, "", player.auth()).status, 204) << i;
  const auto write = one.send("DELETE", path, "", player.auth());
  expect_problem(write, 429, "rate_limited");
  EXPECT_EQ(write.header("ratelimit-policy"), "30;w=60");
  EXPECT_EQ(one.get("/v1/matchmaking/active", fresh_player().auth()).status, 200) << "other addresses are not limited";
  EXPECT_GT(one.metric("mm_gateway_rate_limited_total") + two.metric("mm_gateway_rate_limited_total"), 1);
}

TEST(Limits, StrangersAreCountedByAddress) {
  Instance own(with_limits);
  const auto address = fresh_address();
  int refused = 0;
  for (int i = 0; i < 101; ++i) refused += own.get("/errors/not_found", from(address)).status == 429 ? 1 : 0;
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(own.get("/errors/not_found", from(fresh_address())).status, 200);
  // Only the last entry was written by the proxy. Entries to its left were written by the client.
  EXPECT_EQ(own.get("/errors/not_found", from(fresh_address() + ", " + address)).status, 429);
  // A request with an invalid token counts against the address, so guessing tokens is limited.
  EXPECT_EQ(own.get("/v1/profile/me", from(address, {{"Authorization", "Bearer x"}})).status, 429);
  EXPECT_EQ(own.get("/livez", from(address)).status, 200) << "health is never limited";
}

TEST(Limits, AServersRouteWithoutItsTokenCountsAsARead) {
  Instance own(with_limits);
  const auto address = fresh_address();
  const auto heartbeat = "/v1/session/0190f0a0-0000-7000-8000-000000000001/heartbeat";
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    refused += own.get("/errors/not_found", from(address)).status == 429 ? 1 : 0;
    refused += own.send("POST", heartbeat, "{}", from(address)).status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 20) << "100 of the 120 requests are within the limit of the address";
}

TEST(Limits, ForwardedAddressesOfStrangersMeanNothing) {
  Instance own([](Settings& settings) { settings.rate_limits = true; });  // no trusted proxies
  int refused = 0;
  for (int i = 0; i < 130; ++i) refused += own.get("/errors/not_found", from(fresh_address())).status == 429 ? 1 : 0;
  EXPECT_GT(refused, 0);
}

TEST(Limits, Ipv6IsCountedByNetwork) {
  Instance own(with_limits);
  int refused = 0;
  for (int i = 0; i < 101; ++i) {
    refused += own.get("/errors/not_found", from("2001:db8:7:7::" + std::to_string(i + 1))).status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 1);
}

TEST(Limits, FiveFailedLoginsPerAccountAndFiftyPerAddress) {
  Instance own(with_limits);
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  const auto attempt = [&](const std::string& name, const std::string& address) {
    return own.send("POST", "/v1/auth/login", R"({"username":")" + name + R"(","password":"wrong"})", from(address));
  };
  const auto address = fresh_address();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt("victim", address).status, 401);
  const auto refused = attempt("victim", address);
  expect_problem(refused, 429, "rate_limited");
  EXPECT_EQ(attempt("VICTIM", address).status, 429) << "the name is compared without case";
  EXPECT_EQ(attempt("victim", fresh_address()).status, 401) << "the victim is not locked out";
  EXPECT_EQ(attempt("another", address).status, 401);
  for (int i = 0; i < 44; ++i) attempt("spray_" + std::to_string(i), address);
  EXPECT_EQ(attempt("last", address).status, 429);
  EXPECT_LE(fake<LoginPlayer>().requests(), 51 + 1);
}

TEST(Limits, SuccessfulLoginsDoNotCount) {
  Instance own(with_limits);
  const auto player = logged_in();
  fake<LoginPlayer>().answer(player);
  const auto address = fresh_address();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})", from(address)).status, 200)
        << i;
  }
  fake<LoginPlayer>().refuse(Code::unavailable);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})", from(address)).status,
              503);
  }
}

TEST(Limits, ParallelGuessesDoNotSlipThrough) {
  Instance own(with_limits);
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  const auto address = fresh_address();
  std::atomic<int> guessed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 30; ++i) {
    threads.emplace_back([&] {
      const auto answer = own.send("POST", "/v1/auth/login", R"({"username":"v","password":"x"})", from(address));
      if (answer.status == 401) ++guessed;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(guessed, 5);
}

/// Makes the fake of profile slow. The password is "right".
void slow_profile() {
  fake<LoginPlayer>().answer([](const LoginPlayer& request, const bus::Context&) -> Reply<LoggedIn> {
    std::this_thread::sleep_for(Milliseconds{20});
    if (request.password != "right") return refuse(Code::invalid_credentials);
    LoggedIn player;
    player.player_id = PlayerId::fresh(SystemClock{}.now());
    player.username = request.username;
    player.region = default_region();
    player.tenant = default_tenant();
    return player;
  });
}

/// Sends `count` logins at the same time. The number of answers by status.
std::map<int, int> logins_at_once(Instance& at, int count, const std::string& address,
                                  const std::function<std::string(int)>& body) {
  std::mutex mutex;
  std::map<int, int> statuses;
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      const auto status = at.send("POST", "/v1/auth/login", body(i), from(address)).status;
      std::lock_guard lock(mutex);
      ++statuses[status];
    });
  }
  for (auto& thread : threads) thread.join();
  return statuses;
}

std::string login_body(const std::string& name, const std::string& password) {
  return R"({"username":")" + name + R"(","password":")" + password + "\"}";
}

/// Checks that `budget` logins failed with 401 and the rest with 429. On a slow machine a tenth of the budget may have
/// been refilled meanwhile.
void expect_failures(std::map<int, int> statuses, int budget) {
  EXPECT_GE(statuses[401], budget);
  EXPECT_LE(statuses[401], budget + std::max(1, budget / 10));
  EXPECT_GT(statuses[429], 0);
  EXPECT_EQ(statuses[503], 0);
}

TEST(Limits, WhatElseComesFromAnAddressDoesNotKeepLoginsOut) {
  Instance own(with_limits);
  slow_profile();
  fake<GetLeaderboard>().answer(LeaderboardPage{});
  const auto address = fresh_address();
  int refused = 0;
  for (int i = 0; i < 110; ++i) refused += own.get("/v1/leaderboard", from(address)).status == 429 ? 1 : 0;
  EXPECT_GT(refused, 0);
  const auto login = own.send("POST", "/v1/auth/login", login_body("ada", "right"), from(address));
  EXPECT_EQ(login.status, 200);
  EXPECT_EQ(
      own.send("POST", "/v1/auth/refresh", R"({"refresh_token":")" + login.at("refresh_token") + "\"}", from(address))
          .status,
      200);
}

TEST(Limits, RightLoginsUnderWayAreNoFailures) {
  Instance own(with_limits);
  slow_profile();
  const auto right = [](int) { return login_body("ada", "right"); };
  EXPECT_EQ(logins_at_once(own, 20, fresh_address(), right), (std::map<int, int>{{200, 20}}));
  const auto many = [](int i) { return login_body("player_" + std::to_string(i), "right"); };
  EXPECT_EQ(logins_at_once(own, 80, fresh_address(), many), (std::map<int, int>{{200, 80}}))
      << "more than the limit of failures of an address";
}

TEST(Limits, RightLoginsAreLetInAmongWrongOnesOfOthers) {
  Instance own(with_limits);
  slow_profile();
  const auto address = fresh_address();
  const auto mixed = [](int i) {
    return i % 4 == 0 ? login_body("good_" + std::to_string(i), "right") : login_body("victim", "wrong");
  };
  auto statuses = logins_at_once(own, 80, address, mixed);
  EXPECT_EQ(statuses[200], 20);
  expect_failures(statuses, 5);
}

TEST(Limits, ManyGuessesAtOnceHaveNoMoreThanTheBudget) {
  Instance own(with_limits);
  slow_profile();
  expect_failures(logins_at_once(own, 200, fresh_address(), [](int) { return login_body("victim", "wrong"); }), 5);
  expect_failures(logins_at_once(own, 100, fresh_address(),
                                 [](int i) { return login_body("spray_" + std::to_string(i), "wrong"); }),
                  50);
}

TEST(Limits, ServersHaveTheirOwnWiderOne) {
  Instance own(with_limits);
  fake<Heartbeat>().answer(HeartbeatAnswer{});
  const auto match = MatchId::fresh(SystemClock{}.now());
  const Fields server{{"Authorization", "Bearer " + server_token(match)}};
  int refused = 0;
  for (int i = 0; i < 650; ++i) {
    const auto answer = own.send("POST", "/v1/session/" + match.to_string() + "/heartbeat",
                                 R"({"player_count":1,"status":"running"})", server);
    refused += answer.status == 429 ? 1 : 0;
    ASSERT_TRUE(i >= 200 || answer.status == 200);
  }
  EXPECT_GT(refused, 0);
}

// --- without Redis ---

TEST(WithoutTheCache, RequestsAreServedUnderLocalLimits) {
  World own_world;
  Instance own(with_limits, own_world);
  own_world.fake<GetProfile>().answer([](const GetProfile& request, const bus::Context&) {
    Profile profile;
    profile.player_id = request.player_id;
    profile.region = default_region();
    return profile;
  });
  const auto player = fresh_player();
  ASSERT_EQ(own.get("/v1/profile/me", player.auth()).status, 200);
  own_world.cache.kill();
  int served = 0;
  int limited = 0;
  for (int i = 0; i < 120; ++i) {
    const auto status = own.get("/v1/profile/me", player.auth()).status;
    served += status == 200 ? 1 : 0;
    limited += status == 429 ? 1 : 0;
  }
  EXPECT_EQ(served, 100);
  EXPECT_EQ(limited, 20) << "never a 500";
  EXPECT_EQ(own.get("/readyz").status, 200) << "the gateway serves without the cache";
  own_world.cache.restart();
  EXPECT_TRUE(mm::testing::eventually([&] { return own.get("/v1/profile/me", player.auth()).status == 200; }));
}

TEST(WithoutTheCache, AFrozenOneCostsLittle) {
  World own_world;
  Instance own({}, own_world);
  own_world.fake<GetMatch>().refuse(Code::not_found);
  const auto player = fresh_player();
  const auto path = "/v1/session/0190f0a0-0000-7000-8000-000000000001";
  own_world.cache.freeze();
  EXPECT_EQ(own.get(path, player.auth()).status, 404);
  own_world.cache.thaw();
  EXPECT_EQ(own.get(path, player.auth()).status, 404);
}

TEST(WithoutTheQueueRedis, WhatNeedsItIs503AndComesBack) {
  World own_world;
  Instance own({}, own_world);
  const auto player = logged_in();
  own_world.fake<LoginPlayer>().answer(player);
  const auto login = [&] { return own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})"); };
  const auto first = login();
  ASSERT_EQ(first.status, 200);
  own_world.queue.kill();
  expect_problem(login(), 503, "unavailable");
  expect_problem(own.send("POST", "/v1/auth/refresh", R"({"refresh_token":")" + first.at("refresh_token") + "\"}"), 503,
                 "unavailable");
  EXPECT_TRUE(mm::testing::eventually([&] { return own.get("/readyz").status == 503; }));
  own_world.queue.restart();
  EXPECT_TRUE(mm::testing::eventually([&] { return login().status == 200; }));
  // The state of refresh tokens is durable: a token from before the crash is valid. The request is repeated, because
  // each of the gateway's connections to Redis reconnects by itself.
  const auto body = R"({"refresh_token":")" + first.at("refresh_token") + "\"}";
  EXPECT_TRUE(mm::testing::eventually([&] { return own.send("POST", "/v1/auth/refresh", body).status == 200; }));
}

TEST(WithoutTheBus, RequestsAre503AndComeBack) {
  World own_world;
  Instance own({}, own_world);
  own_world.fake<GetMatch>().refuse(Code::not_found);
  const auto player = fresh_player();
  const auto path = "/v1/session/0190f0a0-0000-7000-8000-000000000001";
  ASSERT_EQ(own.get(path, player.auth()).status, 404);
  own_world.nats.kill();
  EXPECT_TRUE(mm::testing::eventually([&] { return own.get(path, player.auth()).status == 503; }));
  own_world.nats.restart();
  EXPECT_TRUE(mm::testing::eventually([&] { return own.get(path, player.auth()).status == 404; }));
}

}  // namespace
}  // namespace mm::gateway::testing
