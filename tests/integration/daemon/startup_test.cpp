// The start of a daemon against real stores: what it waits for, and which exception ends it for which reason.
#include "common/daemon/startup.h"

#include <gmock/gmock.h>

#include <thread>

#include "common/testing/own_file.h"
#include "common/testing/servers.h"

namespace mm::daemon {
namespace {

using runtime::StartRefused;
using runtime::Unavailable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Milliseconds kShortTimeout{300};

class Startup : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { nats_ = std::make_unique<testing::OwnNats>(); }
  static void TearDownTestSuite() { nats_.reset(); }

  static std::unique_ptr<bus::Bus> connect(metrics::Registry& metrics) {
    bus::Options options;
    options.url = nats_->url();
    options.user = "test";
    options.password = testing::OwnNats::password("test");
    auto bus = bus::Bus::connect(options, metrics, Deadline::after(Milliseconds{30'000}));
    check(bus.ok(), "no connection to the test's nats-server");
    return *std::move(bus);
  }

  static PostgresSettings settings_for(const testing::OwnPostgres& server, Milliseconds timeout = kStoreTimeout) {
    return {.url = server.url_as("session"), .schema = "session", .connections = 1, .timeout = timeout};
  }

  storage::RedisOptions queue(const testing::OwnRedis& server) const {
    const runtime::Credentials credentials(testing::credentials_of("matchmaker"));
    const Runtime runtime{"sample", "sample-1", clock_, credentials, metrics_, health_, *bus_};
    return redis_queue(runtime, server.url_as("matchmaker"), 1);
  }

  static inline std::unique_ptr<testing::OwnNats> nats_;
  const SystemClock clock_;
  const runtime::Credentials credentials_{testing::credentials_of("session")};
  mutable metrics::Registry metrics_;
  mutable runtime::Health health_;
  std::unique_ptr<bus::Bus> bus_ = connect(metrics_);
  std::atomic<bool> stopping_ = false;
  Runtime runtime_{"sample", "sample-1", clock_, credentials_, metrics_, health_, *bus_, &stopping_};
};

template <class Start>
std::vector<std::string> refusal(Start start) {
  try {
    start();
  } catch (const StartRefused& refused) {
    std::vector<std::string> all{refused.subject()};
    all.insert(all.end(), refused.reasons().begin(), refused.reasons().end());
    return all;
  }
  return {};
}

TEST_F(Startup, WaitsForPostgresqlThatIsNotUpYet) {
  testing::OwnPostgres server;
  server.kill();
  const std::jthread starter([&] { server.restart(); });
  EXPECT_TRUE(open_postgres(runtime_, settings_for(server))->has_schema("session", Deadline::after(kStoreTimeout)));
}

TEST_F(Startup, PostgresqlThatIsAwayOrHasNoSchemaIsUnavailable) {
  testing::OwnPostgres server;
  auto settings = settings_for(server, kShortTimeout);
  settings.schema = "shop";
  EXPECT_THROW((void)open_postgres(runtime_, settings), Unavailable);
  server.kill();
  EXPECT_THROW((void)open_postgres(runtime_, settings_for(server, kShortTimeout)), Unavailable);
  stopping_ = true;
  EXPECT_THROW((void)open_postgres(runtime_, settings_for(server)), runtime::Stopped);
}

TEST_F(Startup, PostgresqlThatCouldLoseWritesIsRefusedUnlessAllowed) {
  const testing::OwnPostgres server({"fsync=off"});
  auto settings = settings_for(server);
  EXPECT_THAT(refusal([&] { (void)open_postgres(runtime_, settings); }),
              ElementsAre("postgres", "PostgreSQL has fsync off: it could lose acknowledged writes"));
  settings.allow_weak = true;
  EXPECT_NE(open_postgres(runtime_, settings), nullptr);
}

TEST_F(Startup, WaitsForTheQueueThatIsNotUpYet) {
  testing::OwnRedis server(testing::OwnRedis::Instance::queue);
  server.kill();
  const std::jthread starter([&] { server.restart(); });
  storage::Redis redis(queue(server));
  await_queue(runtime_, redis, false);
  EXPECT_EQ(redis.state(Deadline::after(Milliseconds{1'000})).flaw, "");
}

TEST_F(Startup, AQueueThatIsAwayIsUnavailable) {
  testing::OwnRedis server(testing::OwnRedis::Instance::queue);
  server.kill();
  storage::Redis redis(queue(server));
  EXPECT_THROW(await_queue(runtime_, redis, false, kShortTimeout), Unavailable);
  EXPECT_THROW(await_queue(runtime_, redis, true, kShortTimeout), Unavailable);
}

TEST_F(Startup, AQueueThatCouldLoseWritesIsRefusedUnlessAllowed) {
  const testing::OwnRedis server(testing::OwnRedis::Instance::queue, {"--appendfsync", "everysec"});
  storage::Redis redis(queue(server));
  EXPECT_THAT(refusal([&] { await_queue(runtime_, redis, false); }),
              ElementsAre("redis_queue", "Redis has appendfsync everysec, but needs always"));
  await_queue(runtime_, redis, true);
}

TEST_F(Startup, UrlsThatAreNoneAreRefused) {
  EXPECT_THAT(refusal([&] { (void)redis_queue(runtime_, "localhost:6379", 1); }),
              ElementsAre("MM_REDIS_QUEUE_URL", HasSubstr("redis://")));
  EXPECT_THAT(refusal([&] { (void)redis_cache(runtime_, "localhost:6379", 1); }),
              ElementsAre("MM_REDIS_CACHE_URL", HasSubstr("redis://")));
  EXPECT_THAT(refusal([&] { (void)open_postgres(runtime_, {.url = "postgres at localhost", .schema = "session"}); }),
              ElementsAre("MM_POSTGRES_URL", HasSubstr("postgresql://")));
}

TEST_F(Startup, AModeTableThatIsNotValidIsRefused) {
  EXPECT_FALSE(load_modes("").all().empty());
  const testing::OwnFile file("[modes.x]\nunknown = 1\n");
  EXPECT_THAT(refusal([&] { (void)load_modes(file.path()); }), ::testing::Contains("MM_MODES_FILE"));
}

}  // namespace
}  // namespace mm::daemon
