// Tests of answers that are stored under an Idempotency-Key: they are replayed and limited in size, and a key is
// released if the outcome of its request is unknown.
#include "tests/integration/gateway/world.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "common/storage/redis.h"

namespace mm::gateway::testing {
namespace {

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
  EXPECT_EQ(fake<EnterQueue>().requests(), 1);
  const auto other = gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"casual"})", keyed(player, "k1"));
  expect_problem(other, 422, "idempotency_mismatch");
  EXPECT_EQ(gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(fresh_player(), "k1")).status,
            201);
  EXPECT_EQ(gateway().send("POST", "/v1/matchmaking/queue", R"({"mode":"ranked"})", keyed(player, "k2")).status, 201);
  EXPECT_EQ(fake<EnterQueue>().requests(), 3) << "other players and other keys are separate";
}

TEST(IdempotencyKey, ARefusalIsKeptAndAnOutageIsNot) {
  const auto player = fresh_player();
  fake<CreateParty>().refuse(Code::unavailable);
  EXPECT_EQ(gateway().send("POST", "/v1/party", "", keyed(player, "k")).status, 503);
  fake<CreateParty>().refuse(Code::already_in_party);
  expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, "k")), 409, "already_in_party");
  fake<CreateParty>().answer(party_of({player}));
  expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, "k")), 409, "already_in_party");
  EXPECT_EQ(fake<CreateParty>().requests(), 0);
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

TEST(IdempotencyKey, WhileTheFirstRunsTheOthersAreRefused) {
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
  const auto refused = gateway().send("POST", "/v1/party", "", keyed(player, "slow"));
  expect_problem(refused, 409, "idempotency_running");
  // The time after which the first request has ended.
  EXPECT_THAT(refused.header("retry-after"), ::testing::AnyOf("1", "2", "3"));
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
  EXPECT_EQ(fake<RegisterPlayer>().requests(), 1);
  expect_problem(gateway().send("POST", "/v1/auth/register",
                                R"({"username":"eve","email":"ada@example.org","password":"correct horse"})", key),
                 422, "idempotency_mismatch");
}

TEST(IdempotencyKey, OddKeysAreRefused) {
  const auto player = fresh_player();
  for (const auto& key : {std::string(256, 'k'), std::string("a b"), std::string("\xc3\xa4")}) {
    expect_problem(gateway().send("POST", "/v1/party", "", keyed(player, key)), 400, "malformed_request");
  }
}

TEST(IdempotencyKey, AfterAStallOfRedisTheRequestMayBeTriedAgain) {
  World own_world;
  Instance own({}, own_world);
  const auto player = fresh_player();
  own_world.fake<CreateParty>().answer(party_of({player}));
  const auto create = [&] { return own.send("POST", "/v1/party", "", keyed(player, "k")); };
  // Loads the scripts into Redis, so that the start of the next request is executed when Redis is thawed.
  EXPECT_EQ(own.send("POST", "/v1/party", "", keyed(player, "before")).status, 201);
  own_world.queue.freeze();
  expect_problem(create(), 503, "unavailable");
  own_world.queue.thaw();
  // The clock stands still, so no lease has expired: the gateway has released the key.
  EXPECT_TRUE(mm::testing::eventually([&] { return create().status == 201; }));
  EXPECT_EQ(own_world.fake<CreateParty>().requests(), 2);
}

TEST(IdempotencyKey, AnAnswerIsKeptAlthoughRedisStalledMeanwhile) {
  World own_world;
  Instance own({}, own_world);
  const auto player = fresh_player();
  own_world.fake<CreateParty>().answer([&](const CreateParty&, const bus::Context&) -> Reply<Party> {
    own_world.queue.freeze();
    return party_of({player});
  });
  const auto create = [&] { return own.send("POST", "/v1/party", "", keyed(player, "k")); };
  EXPECT_EQ(create().status, 201);
  own_world.queue.thaw();
  Answer again;
  EXPECT_TRUE(mm::testing::eventually([&] { return (again = create()).status == 201; }));
  EXPECT_EQ(again.header("idempotency-replayed"), "true");
  EXPECT_EQ(own_world.fake<CreateParty>().requests(), 1);
}

TEST(IdempotencyKey, WhatAGatewayDidNotFinishMayBeTriedAgainAfterTheRequestsDeadline) {
  const auto player = fresh_player();
  Instance own;
  std::atomic<bool> may_end{false};
  std::atomic<int> runs{0};
  fake<CreateParty>().answer([&](const CreateParty&, const bus::Context&) -> Reply<Party> {
    ++runs;
    mm::testing::eventually([&] { return may_end.load(); });
    return party_of({player});
  });
  std::thread first([&] { own.send("POST", "/v1/party", "", keyed(player, "k")); });
  EXPECT_TRUE(mm::testing::eventually([&] { return runs == 1; }));
  expect_problem(own.send("POST", "/v1/party", "", keyed(player, "k")), 409, "idempotency_running");
  own.clock.advance(limits::kRequestTimeout + Milliseconds{1'000});
  std::thread second([&] { own.send("POST", "/v1/party", "", keyed(player, "k")); });
  EXPECT_TRUE(mm::testing::eventually([&] { return runs == 2; }));
  may_end = true;
  first.join();
  second.join();
}

std::int64_t memory_of_records(storage::Redis& redis) {
  const auto keys = redis.command({"KEYS", "mm:{gateway}:idempotency:*"}, soon());
  std::int64_t sum = 0;
  for (const auto& key : keys->items) sum += redis.command({"MEMORY", "USAGE", key.text}, soon())->integer;
  return sum;
}

TEST(IdempotencyKey, APlayersRecordsHaveAtMost64KiBAndTheOldestGoFirst) {
  World own_world;
  Instance own({}, own_world);
  const auto player = fresh_player();
  std::vector<Player> members(10, player);
  own_world.fake<CreateParty>().answer(party_of(members));
  const auto create = [&](int i) { return own.send("POST", "/v1/party", "", keyed(player, "k" + std::to_string(i))); };
  for (int i = 0; i < 150; ++i) {
    ASSERT_EQ(create(i).status, 201);
    own.clock.advance(Milliseconds{1});
  }
  storage::Redis redis(mm::testing::redis_options(own_world.queue));
  EXPECT_LE(memory_of_records(redis), 64 * 1024);
  EXPECT_EQ(create(149).header("idempotency-replayed"), "true") << "the newest records are kept";
  EXPECT_EQ(create(140).header("idempotency-replayed"), "true");
  EXPECT_EQ(create(0).header("idempotency-replayed"), "") << "the oldest records were removed";
  const auto other = fresh_player();
  EXPECT_EQ(own.send("POST", "/v1/party", "", keyed(other, "k")).status, 201);
  EXPECT_EQ(create(149).header("idempotency-replayed"), "true") << "records of other players do not count";
}

TEST(IdempotencyKey, RecordsGiveWayToTheQueue) {
  World own_world({"--maxmemory", "16mb"});
  Instance own({}, own_world);
  const auto player = fresh_player();
  own_world.fake<CreateParty>().answer(party_of({player}));
  const auto create = [&] { return own.send("POST", "/v1/party", "", keyed(player, "k")); };
  ASSERT_EQ(create().status, 201);
  ASSERT_EQ(create().header("idempotency-replayed"), "true");
  storage::Redis redis(mm::testing::redis_options(own_world.queue));
  for (int i = 0; i < 10; ++i) {
    const auto key = "mm:{default}:ticket:" + std::to_string(i);
    ASSERT_TRUE(redis.command({"SET", key, std::string(1'000'000, 'x')}, soon()).ok());
  }
  EXPECT_TRUE(mm::testing::eventually([&] { return memory_of_records(redis) == 0; }));
  EXPECT_EQ(create().status, 201) << "new records are still kept for a moment";
}

}  // namespace
}  // namespace mm::gateway::testing
