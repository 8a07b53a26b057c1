// Tests of stores that are up but take no writes: a daemon must not be ready, and the reason is known.
#include <gtest/gtest.h>

#include "common/storage/postgres.h"
#include "common/storage/redis.h"
#include "common/testing/servers.h"
#include "common/testing/wait.h"

namespace mm::storage {
namespace {

using testing::eventually;

Deadline soon() { return Deadline::after(Milliseconds{30'000}); }

RedisOptions redis_options(const testing::OwnRedis& server) {
  RedisOptions options;
  options.url = server.url_as("matchmaker");
  options.password = server.password_of("matchmaker");
  return options;
}

bool refusal_is(Redis& redis, const std::string& reason) {
  return eventually([&] {
    (void)redis.command({"PING"}, soon());  // traffic that succeeds does not hide a refusal
    return redis.state(soon()).flaw == reason;
  });
}

TEST(RedisRefusal, IsNamedForAReplica) {
  const testing::OwnRedis server(testing::OwnRedis::Instance::queue, {"--replicaof", "127.0.0.1", "1"});
  Redis redis(redis_options(server));
  EXPECT_TRUE(refusal_is(redis, "it is read-only"));
}

TEST(RedisRefusal, IsNamedForAFullMemory) {
  const testing::OwnRedis server(testing::OwnRedis::Instance::queue, {"--maxmemory", "1"});
  Redis redis(redis_options(server));
  EXPECT_TRUE(refusal_is(redis, "its memory is full"));
}

TEST(RedisRefusal, IsNamedForAServerThatCouldLoseWritesIfDurabilityIsNeeded) {
  const testing::OwnRedis server(testing::OwnRedis::Instance::queue, {"--appendonly", "no"});
  Redis redis(redis_options(server));
  EXPECT_TRUE(refusal_is(redis, ""));
  redis.require_durability();
  EXPECT_TRUE(refusal_is(redis, "it could lose acknowledged writes"));
}

TEST(RedisRefusal, IsNamedWhileNobodyAnswersOrListensAndEnds) {
  testing::OwnRedis server(testing::OwnRedis::Instance::queue);
  Redis redis(redis_options(server));
  EXPECT_TRUE(refusal_is(redis, ""));
  server.freeze();
  EXPECT_TRUE(
      eventually([&] { return redis.state(Deadline::after(Milliseconds{100})).flaw == "it does not answer in time"; }));
  server.thaw();
  EXPECT_TRUE(refusal_is(redis, ""));
  server.kill();
  EXPECT_TRUE(eventually([&] { return redis.state(soon()).flaw == "nothing listens at its address"; }));
  server.restart();
  EXPECT_TRUE(refusal_is(redis, ""));
}

TEST(RedisWithAnotherPassword, RefusesTheLogin) {
  const testing::OwnRedis server(testing::OwnRedis::Instance::queue);
  auto options = redis_options(server);
  EXPECT_EQ(Redis(options).state(soon()).flaw, "");
  options.password = "wrong";
  Redis redis(options);
  EXPECT_TRUE(eventually([&] { return redis.state(soon()).flaw == "it refuses the login"; }));
}

class PostgresRefusal : public ::testing::Test {
 protected:
  bool refusal_is(const std::string& reason) {
    return eventually([&] {
      (void)postgres_.transaction(soon(), [](pqxx::work& tx) { tx.exec("SELECT 1"); });
      return postgres_.refusal() == reason;
    });
  }
  void as_administrator(const std::string& sql) {
    PostgresOptions options;
    options.url = server_.url();
    Postgres administrator(options);
    ASSERT_TRUE(administrator.transaction(soon(), [&](pqxx::work& tx) { tx.exec(sql); })) << sql;
  }
  PostgresOptions options() const {
    PostgresOptions options;
    options.url = server_.url_as("session");
    options.password = testing::OwnPostgres::password_of("session");
    return options;
  }

  testing::OwnPostgres server_;
  Postgres postgres_{options()};
};

TEST_F(PostgresRefusal, IsNamedForAServerThatOnlyReads) {
  EXPECT_TRUE(refusal_is(""));
  as_administrator("ALTER ROLE mm_session SET default_transaction_read_only = on");
  as_administrator("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mm_session'");
  EXPECT_TRUE(refusal_is("it is read-only"));
  as_administrator("ALTER ROLE mm_session SET default_transaction_read_only = off");
  as_administrator("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mm_session'");
  EXPECT_TRUE(refusal_is(""));
}

TEST_F(PostgresRefusal, IsNamedForALoginThatIsRefusedAndAServerThatIsAway) {
  EXPECT_TRUE(refusal_is(""));
  as_administrator("ALTER ROLE mm_session NOLOGIN");
  as_administrator("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'mm_session'");
  EXPECT_TRUE(refusal_is("it refuses the login"));
  as_administrator("ALTER ROLE mm_session LOGIN");
  EXPECT_TRUE(refusal_is(""));
  server_.freeze();
  EXPECT_TRUE(eventually([&] { return postgres_.refusal() == "it does not answer in time"; }));
  server_.thaw();
  EXPECT_TRUE(refusal_is(""));
  server_.kill();
  EXPECT_TRUE(eventually([&] { return postgres_.refusal() == "nothing listens at its address"; }));
  server_.restart();
  EXPECT_TRUE(refusal_is(""));
}

TEST(PostgresThatCouldLoseWrites, RefusesOnlyWhoNeedsDurability) {
  const testing::OwnPostgres server({"fsync=off"});
  PostgresOptions options;
  options.url = server.url();
  Postgres content(options);
  EXPECT_TRUE(eventually([&] { return content.refusal().empty(); }));
  options.must_be_durable = true;
  Postgres strict(options);
  EXPECT_TRUE(eventually([&] { return strict.refusal() == "it could lose acknowledged writes"; }));
}

}  // namespace
}  // namespace mm::storage
