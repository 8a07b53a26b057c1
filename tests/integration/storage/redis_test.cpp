// Tests of the Redis client with a real server: replies, scripts, pipelines, the pool, and refused settings.
#include "common/storage/redis.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/testing/servers.h"
#include "common/testing/wait.h"

namespace mm::storage {
namespace {

using Kind = RedisReply::Kind;
constexpr auto kQueue = testing::OwnRedis::Instance::queue;
using namespace std::string_literals;

const Script kAppend{"append", "#!lua\nredis.call('RPUSH', KEYS[1], ARGV[1])\nreturn redis.call('LLEN', KEYS[1])"};
const Script kFail{"fail", "#!lua\nreturn redis.error_reply('NOPE not today')"};

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

RedisOptions options_for(const testing::OwnRedis& server, int connections = 4) {
  RedisOptions options;
  options.url = server.url();
  options.password = server.password();
  options.connections = connections;
  return options;
}

RedisCommand plain(Arguments arguments) { return {std::move(arguments), nullptr, {}}; }

class RedisTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<testing::OwnRedis>(kQueue); }
  static void TearDownTestSuite() { server_.reset(); }
  void SetUp() override {
    const auto keys = redis_.command({"KEYS", "*"}, soon());
    ASSERT_TRUE(keys);
    Arguments remove{"DEL", "none"};
    for (const auto& key : keys->items) remove.push_back(key.text);
    ASSERT_TRUE(redis_.command(remove, soon()));
  }

  Arguments list(const std::string& key) {
    Arguments out;
    const auto reply = redis_.command({"LRANGE", key, "0", "-1"}, soon());
    if (reply) {
      for (const auto& item : reply->items) out.push_back(item.text);
    }
    return out;
  }

  static std::unique_ptr<testing::OwnRedis> server_;
  Redis redis_{options_for(*server_)};
};

std::unique_ptr<testing::OwnRedis> RedisTest::server_;

TEST_F(RedisTest, TellsTheKindsOfReplies) {
  const auto ok = redis_.command({"SET", "a", "1"}, soon());
  ASSERT_TRUE(ok);
  EXPECT_EQ(ok->kind, Kind::status);
  EXPECT_EQ(ok->text, "OK");
  EXPECT_EQ(redis_.command({"INCRBY", "a", "41"}, soon())->integer, 42);
  EXPECT_EQ(redis_.command({"GET", "a"}, soon())->text, "42");
  EXPECT_TRUE(redis_.command({"GET", "nothing"}, soon())->is_nil());
  const auto many = redis_.command({"MGET", "a", "nothing"}, soon());
  ASSERT_EQ(many->kind, Kind::array);
  ASSERT_EQ(many->items.size(), 2U);
  EXPECT_EQ(many->items[0].text, "42");
  EXPECT_TRUE(many->items[1].is_nil());
}

TEST_F(RedisTest, TellsARefusalFromASilence) {
  const auto refused = redis_.command({"INCR"}, soon());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().refused);
  EXPECT_TRUE(refused.error().text.starts_with("ERR")) << refused.error().text;
}

TEST_F(RedisTest, CarriesAnyBytesAsData) {
  const auto hostile = "{a}:b c\r\n*1\r\n$8\r\nFLUSHALL\r\n%s%n\0\xFF"s;
  ASSERT_TRUE(redis_.command({"SET", hostile, hostile}, soon()));
  EXPECT_EQ(redis_.command({"GET", hostile}, soon())->text, hostile);
}

TEST_F(RedisTest, AnswersAPipelineInOrderWithErrorsInTheirPlace) {
  const auto replies = redis_.pipeline({plain({"SET", "a", "x"}), plain({"INCR", "a"}), plain({"GET", "a"})}, soon());
  ASSERT_TRUE(replies);
  ASSERT_EQ(replies->size(), 3U);
  EXPECT_EQ((*replies)[1].kind, Kind::error);
  EXPECT_EQ((*replies)[2].text, "x");
}

TEST_F(RedisTest, TakesPipelinesLargerThanAllBuffers) {
  const std::string large(10'000, 'x');
  std::vector<RedisCommand> commands;
  for (int i = 0; i < 1'000; ++i) commands.push_back(plain({"ECHO", std::to_string(i) + large}));
  const auto replies = redis_.pipeline(commands, soon());
  ASSERT_TRUE(replies) << replies.error().text;
  ASSERT_EQ(replies->size(), commands.size());
  for (std::size_t i = 0; i < commands.size(); ++i) ASSERT_EQ((*replies)[i].text, commands[i].arguments[1]);
}

TEST_F(RedisTest, AnEmptyPipelineHasNoReplies) { EXPECT_TRUE(redis_.pipeline({}, soon())->empty()); }

TEST_F(RedisTest, RunsScripts) {
  EXPECT_EQ(redis_.eval(kAppend, {"l"}, {"one"}, soon())->integer, 1);
  EXPECT_EQ(redis_.eval(kAppend, {"l"}, {"two"}, soon())->integer, 2);
  const auto refused = redis_.eval(kFail, {}, {}, soon());
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().refused);
  EXPECT_EQ(refused.error().text, "NOPE not today");
}

TEST_F(RedisTest, KeepsTheOrderOfAPipelineWhoseScriptIsNew) {
  Redis fresh(options_for(*server_, 1));
  const auto push = [](const std::string& what) { return plain({"RPUSH", "l", what}); };
  const auto script = [](const std::string& what) { return RedisCommand{{what}, &kAppend, {"l"}}; };
  const auto replies = fresh.pipeline({push("1"), script("2"), push("3"), script("4"), push("5")}, soon());
  ASSERT_TRUE(replies);
  EXPECT_EQ(list("l"), (Arguments{"1", "2", "3", "4", "5"}));
  EXPECT_EQ((*replies)[3].integer, 4);
}

TEST_F(RedisTest, SendsAScriptAgainThatTheServerHasForgotten) {
  ASSERT_TRUE(redis_.eval(kAppend, {"l"}, {"1"}, soon()));
  ASSERT_TRUE(redis_.command({"SCRIPT", "FLUSH"}, soon()));
  EXPECT_EQ(redis_.eval(kAppend, {"l"}, {"2"}, soon())->integer, 2);
  ASSERT_TRUE(redis_.command({"SCRIPT", "FLUSH"}, soon()));
  const auto replies = redis_.pipeline({{{"3"}, &kAppend, {"l"}}, plain({"PING"}), {{"4"}, &kAppend, {"l"}}}, soon());
  ASSERT_TRUE(replies);
  EXPECT_EQ((*replies)[0].integer, 3);
  EXPECT_EQ((*replies)[1].text, "PONG");
  EXPECT_EQ((*replies)[2].integer, 4);
}

TEST_F(RedisTest, FailsByTheDeadlineWhenAllConnectionsAreInUse) {
  Redis small(options_for(*server_, 1));
  std::thread holder([&] {
    const auto got = small.command({"BLPOP", "released", "0"}, soon());
    ASSERT_TRUE(got);
    EXPECT_EQ(got->items[1].text, "x");
  });
  ASSERT_TRUE(testing::eventually([this] {
    return redis_.command({"CLIENT", "LIST"}, soon())->text.find("cmd=blpop") != std::string::npos;
  }));
  const auto refused = small.command({"PING"}, Deadline::after(Milliseconds{50}));
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().refused);
  EXPECT_EQ(refused.error().text, "all connections are in use");
  ASSERT_TRUE(redis_.command({"RPUSH", "released", "x"}, soon()));
  holder.join();
}

TEST_F(RedisTest, ServesManyThreadsOverFewConnections) {
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n) {
        const auto text = std::to_string(i) + "/" + std::to_string(n);
        const auto echo = redis_.command({"ECHO", text}, soon());
        ASSERT_TRUE(echo) << echo.error().text;
        ASSERT_EQ(echo->text, text);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST_F(RedisTest, LogsInAndNeverRepeatsThePassword) {
  auto options = options_for(*server_);
  options.url += "/2";
  Redis second(options);
  ASSERT_TRUE(second.command({"SET", "a", "1"}, soon()));
  EXPECT_EQ(second.command({"ACL", "WHOAMI"}, soon())->text, "operator");
  EXPECT_TRUE(redis_.command({"GET", "a"}, soon())->is_nil()) << "not in database 2";

  options.password = "battery staple";
  Redis stranger(options);
  const auto refused = stranger.command({"PING"}, soon());
  ASSERT_FALSE(refused);
  EXPECT_FALSE(refused.error().refused);
  EXPECT_NE(refused.error().text.find("WRONGPASS"), std::string::npos) << refused.error().text;
  EXPECT_EQ(refused.error().text.find("battery"), std::string::npos);
}

TEST(RedisDurability, NamesTheSettingThatCouldLoseWrites) {
  const auto weakness = [](const testing::OwnRedis& server) {
    return Redis(options_for(server)).weakness(soon()).value_or("no answer");
  };
  EXPECT_EQ(weakness(testing::OwnRedis(kQueue)), "");
  EXPECT_EQ(weakness(testing::OwnRedis(kQueue, {"--appendfsync", "everysec"})),
            "Redis has appendfsync everysec, but needs always");
  EXPECT_EQ(weakness(testing::OwnRedis(kQueue, {"--maxmemory-policy", "allkeys-lru"})),
            "Redis has maxmemory-policy allkeys-lru, but needs noeviction");
  EXPECT_EQ(weakness(testing::OwnRedis(kQueue, {"--appendonly", "no"})), "Redis has appendonly no, but needs yes");
}

}  // namespace
}  // namespace mm::storage
