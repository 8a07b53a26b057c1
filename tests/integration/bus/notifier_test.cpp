// Tests of the notifier: which players get a frame, the numbers of frames, and that an outage of the cache delays
// callers only a little.
#include "common/bus/notifier.h"

#include <gmock/gmock.h>

#include "common/contracts/frames.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using ::testing::ElementsAre;
using testing::eventually;

class Notifying : public ::testing::Test {
 protected:
  struct Received {
    std::string subject;
    std::string body;
  };

  PlayerId player() { return PlayerId::fresh(SystemClock{}.now()); }
  void open_socket(PlayerId player) {
    const auto key = "mm:{default}:presence:" + player.to_string();
    ASSERT_TRUE(hands_.command({"HSET", key, "gateway-1", "1"}, soon()).ok());
  }
  /// Marks the cache as not new, so that a player without a record counts as not connected.
  void know_everybody() {
    for (const auto* tenant : {"default", "chess"}) {
      ASSERT_TRUE(hands_.command({"SET", "mm:{" + std::string(tenant) + "}:seq:seen", "1"}, soon()).ok());
    }
  }
  std::size_t count() {
    std::lock_guard lock(mutex_);
    return received_.size();
  }

  testing::OwnNats nats_;
  testing::OwnRedis cache_{testing::OwnRedis::Instance::cache};
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  storage::RedisOptions as(const std::string& user) const {
    storage::RedisOptions options;
    options.url = cache_.url_as(user);
    options.password = cache_.password_of(user);
    return options;
  }

  storage::Redis redis_{as("lobby")};
  storage::Redis hands_{
      as("operator")};  // for the test: writes as gateways do, and reads keys that daemons may not read
  testing::ManualClock clock_;
  Notifier notifier_{*bus_, redis_, clock_};
  std::mutex mutex_;
  std::vector<Received> received_;
  Subscription subscription_{*bus_, "notify.*", "", [this](std::string_view subject, std::string_view body) {
                               std::lock_guard lock(mutex_);
                               received_.push_back({std::string(subject), std::string(body)});
                             }};
};

TEST_F(Notifying, OnlyPlayersWithAnOpenSocketAreToldInOrder) {
  const auto here = player();
  const auto away = player();
  know_everybody();
  open_socket(here);
  const frames::MatchCompletedFrame frame{MatchId(), 1, 12.5};
  notifier_.notify(default_tenant(), {away, here}, frame);
  notifier_.notify(default_tenant(), {here}, frame);
  notifier_.send(default_tenant(), {{here, "queue_entered", R"({"a":1})"}, {here, "queue_left", R"({"b":2})"}});
  ASSERT_TRUE(eventually([&] { return count() == 4; }));
  std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < received_.size(); ++i) {
    EXPECT_EQ(received_[i].subject, notify_subject(here));
    EXPECT_THAT(received_[i].body, ::testing::HasSubstr("\"seq\":" + std::to_string(i + 1) + ","));
  }
  EXPECT_EQ(received_[0].body,
            R"({"event":"match_completed","seq":1,"data":{"match_id":"00000000-0000-0000-0000-000000000000",)"
            R"("winning_team":1,"duration_seconds":12.5},"timestamp":"2026-01-01T00:00:00.000Z"})");
  EXPECT_EQ(received_[3].body,
            R"({"event":"queue_left","seq":4,"data":{"b":2},"timestamp":"2026-01-01T00:00:00.000Z"})");
}

TEST_F(Notifying, WhileACacheWithoutDataDoesNotKnowWhoIsConnectedEverybodyIsTold) {
  const auto perhaps_here = player();
  know_everybody();
  notifier_.send(default_tenant(), {{perhaps_here, "queue_left", "{}"}});
  cache_.restart_without_state();
  EXPECT_TRUE(eventually([&] {
    notifier_.send(default_tenant(), {{perhaps_here, "queue_left", "{}"}});
    return count() > 0;
  }));
  const auto left = hands_.command({"TTL", "mm:{default}:seq:uncertain"}, soon());
  ASSERT_TRUE(left.ok());
  EXPECT_GT(left->integer, 0);
  EXPECT_LE(left->integer, 30);
}

TEST_F(Notifying, TenantsAreApart) {
  const auto here = player();
  know_everybody();
  open_socket(here);
  notifier_.send(*Tenant::parse("chess"), {{here, "queue_left", "{}"}});
  notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
  ASSERT_TRUE(eventually([&] { return count() == 1; }));
}

TEST_F(Notifying, TheCountersOfIdlePlayersGo) {
  const auto here = player();
  open_socket(here);
  notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
  const auto left = hands_.command({"TTL", "mm:{default}:seq:" + here.to_string()}, soon());
  ASSERT_TRUE(left.ok());
  EXPECT_GT(left->integer, 86'000);
}

TEST_F(Notifying, ACacheThatIsDownIsNotWaitedForAgainAndAgain) {
  const auto here = player();
  open_socket(here);
  cache_.freeze();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 200; ++i) notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
  // If each of 200 calls waited 200 ms, this would take 40 s.
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{20});
  cache_.thaw();
  EXPECT_TRUE(eventually([&] {
    notifier_.send(default_tenant(), {{here, "queue_left", "{}"}});
    return count() > 0;
  }));
}

}  // namespace
}  // namespace mm::bus
