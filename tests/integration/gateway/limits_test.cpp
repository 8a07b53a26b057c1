// Limits per player, address and account; answers kept under an Idempotency-Key; what happens without Redis.
#include "tests/integration/gateway/world.h"

#include <atomic>
#include <thread>

namespace mm::gateway::testing {
namespace {

void with_limits(Settings& settings) {
  settings.rate_limits = true;
  settings.trusted_proxies = "127.0.0.1";
}

/// As if from another address: the tests' own one is a trusted proxy.
Fields from(const std::string& address, Fields headers = {}) { return with(std::move(headers), "X-Forwarded-For", address); }

std::string fresh_address() {
  static std::atomic<int> last{0};
  const int number = ++last;
  return "203.0." + std::to_string(number / 250) + "." + std::to_string(number % 250);
}

TEST(Limits, APlayerHas100ReadsAnd30WritesAMinuteOnAllGatewaysTogether_A084) {
  Instance one(with_limits);
  Instance two(with_limits);
  const auto player = fresh_player();
  nobody_is_anywhere();
  fake<LeaveParty>().answer(Nothing{});
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
  for (int i = 0; i < 30; ++i) ASSERT_EQ((i % 2 == 0 ? one : two).send("DELETE", path, "", player.auth()).status, 204) << i;
  const auto write = one.send("DELETE", path, "", player.auth());
  expect_problem(write, 429, "rate_limited");
  EXPECT_EQ(write.header("ratelimit-policy"), "30;w=60");
  EXPECT_EQ(one.get("/v1/matchmaking/active", fresh_player().auth()).status, 200) << "others are not concerned";
  EXPECT_GT(one.metric("mm_gateway_rate_limited_total") + two.metric("mm_gateway_rate_limited_total"), 1);
}

TEST(Limits, StrangersAreCountedByAddress_A024_A040) {
  Instance own(with_limits);
  const auto address = fresh_address();
  int refused = 0;
  for (int i = 0; i < 101; ++i) refused += own.get("/errors/not_found", from(address)).status == 429 ? 1 : 0;
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(own.get("/errors/not_found", from(fresh_address())).status, 200);
  // What stands left of a proxy's entry was written by the client.
  EXPECT_EQ(own.get("/errors/not_found", from(fresh_address() + ", " + address)).status, 429);
  // A bad token is counted like no token: guessing has a price.
  EXPECT_EQ(own.get("/v1/profile/me", from(address, {{"Authorization", "Bearer x"}})).status, 429);
  EXPECT_EQ(own.get("/livez", from(address)).status, 200) << "health is never limited";
}

TEST(Limits, ForwardedAddressesOfStrangersMeanNothing_A024) {
  Instance own([](Settings& settings) { settings.rate_limits = true; });  // no trusted proxies
  int refused = 0;
  for (int i = 0; i < 130; ++i) refused += own.get("/errors/not_found", from(fresh_address())).status == 429 ? 1 : 0;
  EXPECT_GT(refused, 0);
}

TEST(Limits, Ipv6IsCountedByNetwork_A024) {
  Instance own(with_limits);
  int refused = 0;
  for (int i = 0; i < 101; ++i) {
    refused += own.get("/errors/not_found", from("2001:db8:7:7::" + std::to_string(i + 1))).status == 429 ? 1 : 0;
  }
  EXPECT_EQ(refused, 1);
}

TEST(Limits, FiveFailedLoginsPerAccountAndFiftyPerAddress_A020) {
  Instance own(with_limits);
  fake<LoginPlayer>().refuse(Code::invalid_credentials);
  const auto attempt = [&](const std::string& name, const std::string& address) {
    return own.send("POST", "/v1/auth/login", R"({"username":")" + name + R"(","password":"wrong"})", from(address));
  };
  const auto address = fresh_address();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(attempt("victim", address).status, 401);
  const auto refused = attempt("victim", address);
  expect_problem(refused, 429, "rate_limited");
  EXPECT_EQ(attempt("VICTIM", address).status, 429) << "in whatever case";
  EXPECT_EQ(attempt("victim", fresh_address()).status, 401) << "the victim is not locked out";
  EXPECT_EQ(attempt("another", address).status, 401);
  for (int i = 0; i < 44; ++i) attempt("spray_" + std::to_string(i), address);
  EXPECT_EQ(attempt("last", address).status, 429);
  EXPECT_LE(fake<LoginPlayer>().asked(), 51 + 1);
}

TEST(Limits, SuccessfulLoginsDoNotCount) {
  Instance own(with_limits);
  LoggedIn player;
  player.player_id = PlayerId::fresh(SystemClock{}.now());
  player.username = "ada";
  player.region = default_region();
  player.tenant = default_tenant();
  fake<LoginPlayer>().answer(player);
  const auto address = fresh_address();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})", from(address)).status, 200) << i;
  }
  fake<LoginPlayer>().refuse(Code::unavailable);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})", from(address)).status, 503);
  }
}

TEST(Limits, ParallelGuessesDoNotSlipThrough_A020) {
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

TEST(Limits, ServersHaveTheirOwnWiderOne_A094) {
  Instance own(with_limits);
  fake<Heartbeat>().answer(HeartbeatAnswer{});
  const auto match = MatchId::fresh(SystemClock{}.now());
  const Fields server{{"Authorization", "Bearer " + server_token(match)}};
  int refused = 0;
  for (int i = 0; i < 650; ++i) {
    const auto answer = own.send("POST", "/v1/session/" + match.to_string() + "/heartbeat", R"({"player_count":1,"status":"running"})", server);
    refused += answer.status == 429 ? 1 : 0;
    ASSERT_TRUE(i >= 200 || answer.status == 200);
  }
  EXPECT_GT(refused, 0);
}

// --- without Redis ---

TEST(WithoutTheCache, RequestsAreServedUnderLocalLimits_A086) {
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
  LoggedIn player;
  player.player_id = PlayerId::fresh(SystemClock{}.now());
  player.username = "ada";
  player.region = default_region();
  player.tenant = default_tenant();
  own_world.fake<LoginPlayer>().answer(player);
  const auto login = [&] { return own.send("POST", "/v1/auth/login", R"({"username":"ada","password":"right"})"); };
  const auto first = login();
  ASSERT_EQ(first.status, 200);
  own_world.queue.kill();
  expect_problem(login(), 503, "unavailable");
  expect_problem(own.send("POST", "/v1/auth/refresh", R"({"refresh_token":")" + first.at("refresh_token") + "\"}"), 503, "unavailable");
  EXPECT_TRUE(mm::testing::eventually([&] { return own.get("/readyz").status == 503; }));
  own_world.queue.restart();
  EXPECT_TRUE(mm::testing::eventually([&] { return login().status == 200; }));
  // Rotation state is durable: the token given before the crash is still good (A018).
  // (Each of the gateway's connections comes back by itself; the one that answered the login may be the first.)
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

// --- Idempotency-Key ---

Fields keyed(const Player& player, const std::string& key) { return with(player.auth(), "Idempotency-Key", key); }

TEST(IdempotencyKey, AnswersAgainWithoutASecondEffect) {
  const auto player = fresh_player();
  fake<EnterQueue>().answer(ticket_in());
  const auto first = gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "k1"));
  const auto again = gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "k1"));
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("location"), first.header("location"));
  EXPECT_EQ(fake<EnterQueue>().asked(), 1);
  const auto other = gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"casual"})", keyed(player, "k1"));
  expect_problem(other, 422, "idempotency_mismatch");
  EXPECT_EQ(gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(fresh_player(), "k1")).status, 201);
  EXPECT_EQ(gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "k2")).status, 201);
  EXPECT_EQ(fake<EnterQueue>().asked(), 3) << "another player's, and another key";
}

TEST(IdempotencyKey, ARefusalIsKeptAndAnOutageIsNot) {
  const auto player = fresh_player();
  fake<CreateParty>().refuse(Code::unavailable);
  EXPECT_EQ(gateway().send("POST", "/v1/party", "", keyed(player, "k")).status, 503);
  fake<CreateParty>().refuse(Code::already_in_party);
  expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, "k")), 409, "already_in_party");
  fake<CreateParty>().answer(party_of({player}));
  expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, "k")), 409, "already_in_party");
  EXPECT_EQ(fake<CreateParty>().asked(), 0);
}

TEST(IdempotencyKey, EveryTryAsksForTheSameTicket) {
  const auto player = fresh_player();
  fake<EnterQueue>().refuse(Code::unavailable);
  gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "t"));
  const auto first = fake<EnterQueue>().last().ticket_id;
  fake<EnterQueue>().answer(ticket_in());
  gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "t"));
  EXPECT_EQ(fake<EnterQueue>().last().ticket_id, first);
  EXPECT_EQ(first->uuid().version(), 7);
  gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "u"));
  EXPECT_NE(fake<EnterQueue>().last().ticket_id, first);
}

TEST(IdempotencyKey, WhileTheFirstRunsTheOthersAreRefused_F28) {
  const auto player = fresh_player();
  std::atomic<bool> may_end{false};
  std::atomic<bool> runs{false};
  fake<CreateParty>().answer([&](const CreateParty&, const bus::Context&) -> Reply<Party> {
    runs = true;
    mm::testing::eventually([&] { return may_end.load(); });
    return party_of({player});
  });
  std::thread first([&] { EXPECT_EQ(gateway().send("POST", "/v1/party", "", keyed(player, "slow")).status, 201); });
  EXPECT_TRUE(mm::testing::eventually([&] { return runs.load(); }));
  expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, "slow")), 409, "idempotency_running");
  may_end = true;
  first.join();
  EXPECT_EQ(gateway().send("POST", "/v1/party", "", keyed(player, "slow")).status, 201);
}

TEST(IdempotencyKey, RegistrationsToo) {
  RegisteredPlayer made;
  made.player_id = PlayerId::fresh(SystemClock{}.now());
  made.username = "ada";
  made.region = default_region();
  fake<RegisterPlayer>().answer(made);
  const auto body = R"({"username":"ada","email":"ada@example.org","password":"correct horse"})";
  const Fields key{{"Idempotency-Key", made.player_id.to_string()}};
  const auto first = gateway().send("POST", "/v1/auth/register", body, key);
  const auto again = gateway().send("POST", "/v1/auth/register", body, key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.header("idempotency-replayed"), "true");
  EXPECT_EQ(fake<RegisterPlayer>().asked(), 1);
  expect_problem(gateway().send("POST", "/v1/auth/register", R"({"username":"eve","email":"ada@example.org","password":"correct horse"})", key), 422,
                 "idempotency_mismatch");
}

TEST(IdempotencyKey, OddKeysAreRefused) {
  const auto player = fresh_player();
  for (const auto& key : {std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa4")}) {
    expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, key)), 400, "malformed_request");
  }
}

}  // namespace
}  // namespace mm::gateway::testing
