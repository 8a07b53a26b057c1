// Tests of the rights of each user of the deployed Redis servers, and that a restart keeps all writes.
#include <gtest/gtest.h>

#include <map>

#include "common/storage/redis.h"
#include "common/testing/servers.h"

namespace mm::storage {
namespace {

using testing::OwnRedis;
using Instance = OwnRedis::Instance;

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

Redis as(const OwnRedis& server, const std::string& user) {
  RedisOptions options;
  options.url = server.url_as(user);
  options.password = server.password_of(user);
  return Redis(options);
}

/// Scripts that write and read the key mm:{t}:ARGV[1] without declaring it.
const Script kWriteInside{"write_inside", "#!lua\nreturn redis.call('HSET', 'mm:{t}:' .. ARGV[1], 'f', 'v')"};
const Script kReadInside{"read_inside", "#!lua\nreturn redis.call('HGET', 'mm:{t}:' .. ARGV[1], 'f')"};

enum class Right { none, read, write };

struct Row {
  Instance instance;
  const char* user;
  const char* key;  ///< without the prefix of the tenant
  Right right;
};

class RedisUsers : public ::testing::Test {
 protected:
  static OwnRedis& server(Instance instance) {
    static OwnRedis queue(Instance::queue);
    static OwnRedis cache(Instance::cache);
    return instance == Instance::queue ? queue : cache;
  }

  static bool may(Redis& redis, const Script& script, const std::string& key) {
    return redis.eval(script, {}, {key}, soon()).ok();
  }
};

class RedisRights : public RedisUsers, public ::testing::WithParamInterface<Row> {};

TEST_P(RedisRights, HoldForCommandsAndInsideScripts) {
  const auto& row = GetParam();
  auto redis = as(server(row.instance), row.user);
  const auto key = "mm:{t}:" + std::string(row.key);
  EXPECT_EQ(redis.command({"HSET", key, "f", "v"}, soon()).ok(), row.right == Right::write);
  EXPECT_EQ(redis.command({"EXISTS", key}, soon()).ok(), row.right != Right::none);
  EXPECT_EQ(may(redis, kWriteInside, row.key), row.right == Right::write);
  if (row.instance == Instance::cache) return;  // in the cache, EXISTS is enough to read
  EXPECT_EQ(redis.command({"HGET", key, "f"}, soon()).ok(), row.right != Right::none);
  EXPECT_EQ(may(redis, kReadInside, row.key), row.right != Right::none);
}

constexpr auto kQueue = Instance::queue;
constexpr auto kCache = Instance::cache;

INSTANTIATE_TEST_SUITE_P(
    Queue, RedisRights,
    ::testing::Values(
        Row{kQueue, "gateway", "login:1", Right::write}, Row{kQueue, "gateway", "idempotency:1", Right::write},
        Row{kQueue, "gateway", "ticket:1", Right::none}, Row{kQueue, "gateway", "claim", Right::none},
        Row{kQueue, "gateway", "party:1", Right::none}, Row{kQueue, "gateway", "live", Right::none},
        Row{kQueue, "lobby", "party:1", Right::write}, Row{kQueue, "lobby", "member", Right::write},
        Row{kQueue, "lobby", "ticket:1", Right::write}, Row{kQueue, "lobby", "invite:1", Right::write},
        Row{kQueue, "lobby", "party_due", Right::write}, Row{kQueue, "lobby", "live", Right::read},
        Row{kQueue, "lobby", "lease:3", Right::read}, Row{kQueue, "lobby", "unconfirmed", Right::none},
        Row{kQueue, "lobby", "login:1", Right::none}, Row{kQueue, "lobby", "idempotency:1", Right::none},
        Row{kQueue, "matchmaker", "ticket:1", Right::write}, Row{kQueue, "matchmaker", "live", Right::write},
        Row{kQueue, "matchmaker", "party:1", Right::write}, Row{kQueue, "matchmaker", "member", Right::read},
        Row{kQueue, "matchmaker", "login:1", Right::none}, Row{kQueue, "matchmaker", "idempotency:1", Right::none}),
    [](const auto& row) {
      std::string name = std::string(row.param.user) + "_" + row.param.key;
      for (auto& c : name) c = c == ':' ? '_' : c;
      return name;
    });

INSTANTIATE_TEST_SUITE_P(Cache, RedisRights,
                         ::testing::Values(Row{kCache, "gateway", "presence:1", Right::write},
                                           Row{kCache, "gateway", "limit:1", Right::write},
                                           Row{kCache, "gateway", "party:1", Right::none}),
                         [](const auto& row) {
                           std::string name = std::string(row.param.user) + "_" + row.param.key;
                           for (auto& c : name) c = c == ':' ? '_' : c;
                           return name;
                         });

TEST_F(RedisUsers, WhoTellsPlayersNumbersFramesAndNothingElse) {
  for (const char* user : {"lobby", "matchmaker", "session", "profile"}) {
    auto redis = as(server(kCache), user);
    EXPECT_TRUE(redis.command({"INCR", "mm:{t}:seq:1"}, soon()).ok()) << user;
    EXPECT_TRUE(redis.command({"EXISTS", "mm:{t}:presence:1"}, soon()).ok()) << user;
    EXPECT_FALSE(redis.command({"DEL", "mm:{t}:presence:1"}, soon()).ok()) << user;
    EXPECT_FALSE(may(redis, kWriteInside, "presence:1")) << user;
    EXPECT_FALSE(redis.command({"EXISTS", "mm:{t}:deny:1"}, soon()).ok()) << user;
    EXPECT_FALSE(redis.command({"SET", "mm:{t}:limit:1", "0"}, soon()).ok()) << user;
  }
}

// The logs of frames contain chat and join tokens.
TEST_F(RedisUsers, WhoTellsPlayersMayWriteTheirLogsAndOnlyGatewaysMayReadThem) {
  const Script read{"read_log", "#!lua\nreturn redis.call('LRANGE', 'mm:{t}:frames:1', 0, -1)"};
  const Script write{"write_log", "#!lua\nreturn redis.call('RPUSH', 'mm:{t}:frames:1', 'x')"};
  for (const char* user : {"lobby", "matchmaker", "session", "profile"}) {
    auto redis = as(server(kCache), user);
    EXPECT_TRUE(redis.eval(write, {}, {}, soon()).ok()) << user;
    EXPECT_TRUE(redis.command({"LTRIM", "mm:{t}:frames:1", "-64", "-1"}, soon()).ok()) << user;
    EXPECT_FALSE(redis.eval(read, {}, {}, soon()).ok()) << user;
    EXPECT_FALSE(redis.command({"RPUSH", "mm:{t}:presence:1", "x"}, soon()).ok()) << user;
  }
  auto gateway = as(server(kCache), "gateway");
  EXPECT_TRUE(gateway.eval(read, {}, {}, soon()).ok());
  EXPECT_FALSE(gateway.eval(write, {}, {}, soon()).ok());
  EXPECT_FALSE(gateway.command({"DEL", "mm:{t}:frames:1"}, soon()).ok());
}

TEST_F(RedisUsers, OnlyGatewaysListEndedLogins) {
  const Arguments add{"XADD", "mm:{gateway}:ended_logins", "MAXLEN", "~", "10", "*", "login", "1"};
  const Arguments read{"XRANGE", "mm:{gateway}:ended_logins", "-", "+"};
  auto gateway = as(server(kQueue), "gateway");
  EXPECT_TRUE(gateway.command(add, soon()).ok());
  EXPECT_TRUE(gateway.command(read, soon()).ok());
  EXPECT_FALSE(gateway.command({"XTRIM", "mm:{gateway}:ended_logins", "MAXLEN", "0"}, soon()).ok());
  for (const char* user : {"lobby", "matchmaker"}) {
    auto redis = as(server(kQueue), user);
    EXPECT_FALSE(redis.command(add, soon()).ok()) << user;
    EXPECT_FALSE(redis.command(read, soon()).ok()) << user;
  }
}

// The generation of the queue, and the notes of its verification (docs/adr/0021).
TEST_F(RedisUsers, OnlyMatchmakersWriteTheGeneration) {
  for (const char* user : {"gateway", "lobby", "matchmaker"}) {
    const bool may_write = std::string_view(user) == "matchmaker";
    auto redis = as(server(kQueue), user);
    for (const char* key : {"mm:generation", "mm:{t}:reset"}) {
      EXPECT_EQ(redis.command({"SET", key, "1"}, soon()).ok(), may_write) << user << " " << key;
      EXPECT_EQ(redis.command({"GET", key}, soon()).ok(), may_write) << user << " " << key;
    }
  }
}

TEST_F(RedisUsers, NoDaemonAdministersOrReadsWhatItDoesNotKnowTheNameOf) {
  const std::map<Instance, std::vector<const char*>> users{
      {kQueue, {"gateway", "lobby", "matchmaker"}}, {kCache, {"gateway", "lobby", "matchmaker", "session", "profile"}}};
  const std::vector<Arguments> forbidden{{"KEYS", "*"},
                                         {"SCAN", "0"},
                                         {"RANDOMKEY"},
                                         {"FLUSHALL"},
                                         {"FLUSHDB"},
                                         {"CONFIG", "SET", "appendfsync", "no"},
                                         {"SCRIPT", "FLUSH"},
                                         {"FUNCTION", "LIST"},
                                         {"ACL", "LIST"},
                                         {"CLIENT", "LIST"},
                                         {"MONITOR"},
                                         {"SHUTDOWN", "NOSAVE"},
                                         {"REPLICAOF", "127.0.0.1", "1"},
                                         {"PUBLISH", "c", "m"},
                                         {"MIGRATE", "127.0.0.1", "1", "k", "0", "1"}};
  for (const auto& [instance, names] : users) {
    for (const auto* name : names) {
      auto redis = as(server(instance), name);
      EXPECT_TRUE(redis.command({"PING"}, soon()).ok()) << name;
      for (const auto& command : forbidden) {
        const auto refused = redis.command(command, soon());
        ASSERT_FALSE(refused.ok()) << name << " " << command[0];
        EXPECT_TRUE(refused.error().text.starts_with("NOPERM")) << refused.error().text;
      }
    }
  }
}

TEST_F(RedisUsers, EachDaemonOfTheQueueSeesItsStateAndMemory) {
  for (const auto* name : {"gateway", "lobby", "matchmaker"}) {
    auto redis = as(server(kQueue), name);
    redis.require_durability();
    const auto state = redis.state(soon());
    EXPECT_EQ(state.flaw, "") << name;
    ASSERT_TRUE(state.memory) << name;
    EXPECT_GT(state.memory->used, 0);
    EXPECT_EQ(state.memory->most, 2LL * 1024 * 1024 * 1024) << "as deployed";
  }
}

TEST_F(RedisUsers, AStrangerIsNobody) {
  RedisOptions options;
  options.url = "redis://127.0.0.1:" + std::to_string(server(kQueue).port());
  EXPECT_FALSE(Redis(options).command({"PING"}, soon()).ok());
  options.url = server(kQueue).url_as("default");
  options.password = server(kQueue).password();
  EXPECT_FALSE(Redis(options).command({"PING"}, soon()).ok());
  options.url = server(kQueue).url_as("matchmaker");
  options.password = server(kQueue).password_of("lobby");
  EXPECT_FALSE(Redis(options).command({"PING"}, soon()).ok());
  options.password = testing::secret("redis_cache_matchmaker");
  EXPECT_FALSE(Redis(options).command({"PING"}, soon()).ok());
}

TEST_F(RedisUsers, TheOperatorSeesEveryKeyButChangesNoServer) {
  auto redis = as(server(kQueue), "operator");
  EXPECT_TRUE(redis.command({"KEYS", "*"}, soon()).ok());
  EXPECT_TRUE(redis.command({"SET", "mm:{t}:anything", "1"}, soon()).ok());
  EXPECT_TRUE(redis.command({"INFO"}, soon()).ok());
  EXPECT_FALSE(redis.command({"FLUSHALL"}, soon()).ok());
  EXPECT_FALSE(redis.command({"CONFIG", "SET", "appendfsync", "no"}, soon()).ok());
  EXPECT_FALSE(redis.command({"ACL", "SETUSER", "me", "on", "nopass"}, soon()).ok());
  EXPECT_FALSE(redis.command({"MONITOR"}, soon()).ok());
}

/// All keys with their values as serialised by Redis (DUMP).
std::map<std::string, std::string> content_of(const OwnRedis& server) {
  std::map<std::string, std::string> content;
  auto redis = as(server, "operator");
  const auto keys = redis.command({"KEYS", "*"}, soon());
  if (!keys) return content;
  for (const auto& key : keys->items) content[key.text] = redis.command({"DUMP", key.text}, soon())->text;
  return content;
}

// A script with two or more writes is a transaction in the append-only file. The writes of each user are tested.
TEST(RedisRestart, KeepsEveryKeyThatACommandOrAScriptOfAnyUserWrote) {
  const Script script{"several",
                      "#!lua\nfor i = 1, 20 do\n  redis.call('HSET', KEYS[1] .. i, 'f', ARGV[1])\n"
                      "  redis.call('ZADD', KEYS[2], i, i)\nend\nredis.call('PEXPIRE', KEYS[1] .. 1, 86400000)"};
  OwnRedis server(Instance::queue);
  struct Writer {
    const char* user;
    const char* hashes;
    const char* sorted_set;
  };
  const std::vector<Writer> writers{{"gateway", "mm:{t}:login:", "mm:{t}:login_expiry"},
                                    {"lobby", "mm:{t}:party:", "mm:{t}:party_due"},
                                    {"matchmaker", "mm:{t}:ticket:", "mm:{t}:q:b"},
                                    {"operator", "mm:{t}:repaired:", "mm:{t}:repaired"}};
  for (const auto& writer : writers) {
    auto redis = as(server, writer.user);
    const auto written = redis.eval(script, {writer.hashes, writer.sorted_set}, {"v"}, soon());
    ASSERT_TRUE(written.ok()) << writer.user << ": " << written.error().text;
    ASSERT_TRUE(redis.command({"HSET", std::string(writer.hashes) + "plain", "f", "v"}, soon()).ok());
  }
  const auto before = content_of(server);
  ASSERT_EQ(before.size(), 4 * 22U);
  server.kill();
  server.restart();
  EXPECT_EQ(content_of(server), before) << "after a kill";
  server.stop();
  server.restart();
  EXPECT_EQ(content_of(server), before) << "after an orderly end";
}

}  // namespace
}  // namespace mm::storage
