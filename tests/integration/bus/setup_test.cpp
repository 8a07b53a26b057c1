// Tests of nats_setup, which runs at each start of nats-server: it keeps the positions of consumers, unless a consumer
// would then miss events.
#include <gmock/gmock.h>

#include <filesystem>

#include "common/bus/consumer.h"
#include "common/bus/jetstream.h"
#include "tests/integration/bus/messages.h"
#include "tests/integration/bus/raw_client.h"

namespace mm::bus {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::eventually;
using ::testing::Not;

class Setup : public ::testing::Test {
 protected:
  void store_each(int first, int last) {
    for (int i = first; i <= last; ++i) {
      ASSERT_TRUE(eventually([&] { return bus_->store(Found{i}, std::to_string(i), soon()).ok(); }));
    }
  }
  /// Consumes `count` events. Their numbers.
  std::vector<int> take(std::size_t count, const std::string& name = "session") {
    Numbers seen;
    Consumer consumer(*bus_, streams::kMatch, {.name = name}, metrics_);
    consumer.on<Found>(into(seen));
    consumer.start();
    EXPECT_TRUE(eventually([&] { return seen.size() >= count; }));
    return seen.all();
  }
  std::vector<std::string> names() {
    const auto found = jetstream::consumer_names(bus_->impl(), streams::kMatch, soon());
    EXPECT_TRUE(found.ok());
    return found ? *found : std::vector<std::string>{};
  }
  void make_durable(const std::string& name) {
    RawClient raw(nats_.port());
    ASSERT_TRUE(
        raw.request("$JS.API.CONSUMER.DURABLE.CREATE.MATCH." + name, "",
                    R"({"stream_name":"MATCH","config":{"durable_name":")" + name + R"(","ack_policy":"explicit"}})"));
  }
  bool reconnected() {
    return eventually([&] { return bus_->connected() && bus_->server_id() != server_; });
  }
  void restart() {
    server_ = bus_->server_id();
    nats_.restart();
    ASSERT_TRUE(reconnected());
  }

  testing::OwnNats nats_;
  metrics::Registry metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  std::string server_;
};

TEST_F(Setup, MakesEveryConsumerOfTheTable) {
  for (const auto& consumer : rights::kConsumers) {
    if (consumer.stream.name != streams::kMatch.name) continue;
    if (consumer.instances == 0) {
      EXPECT_THAT(names(), Contains(std::string(consumer.name)));
    }
    for (int i = 1; i <= consumer.instances; ++i) {
      EXPECT_THAT(names(), Contains(rights::instance_consumer(consumer.name, i)));
    }
  }
}

TEST_F(Setup, AConsumerGetsItsSubjectsOnly) {
  store_each(1, 2);
  ASSERT_TRUE(bus_->store("match.ready", "{}", "r", {}, soon()).ok());
  const auto state = jetstream::find_consumer(bus_->impl(), streams::kMatch, "session", soon());
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state->pending, 2u);
}

TEST_F(Setup, KeepsPositionsOverARestart) {
  store_each(1, 5);
  EXPECT_THAT(take(5), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_TRUE(eventually([&] {
    const auto state = jetstream::find_consumer(bus_->impl(), streams::kMatch, "session", soon());
    return state.ok() && state->acknowledged == 5;
  }));
  restart();
  store_each(5, 6);  // 5 is a duplicate
  EXPECT_THAT(take(1), ElementsAre(6));
}

// JetStream syncs to disk every two minutes. A power loss can remove the end of a stream while the file of a consumer
// is newer. The test produces this state with an older copy of the messages.
TEST_F(Setup, AConsumerBeyondTheEndOfItsStreamIsMadeAnew) {
  const auto messages = nats_.data_folder() + "/jetstream/MM/streams/MATCH/msgs";
  const auto copy = nats_.data_folder() + "/copy";
  store_each(1, 3);
  EXPECT_THAT(take(3), ElementsAre(1, 2, 3));
  server_ = bus_->server_id();
  nats_.kill();
  std::filesystem::copy(messages, copy, std::filesystem::copy_options::recursive);
  nats_.restart();
  ASSERT_TRUE(reconnected());
  store_each(4, 10);
  EXPECT_EQ(take(7).size(), 7u);
  server_ = bus_->server_id();
  nats_.kill();
  std::filesystem::remove_all(messages);
  std::filesystem::copy(copy, messages, std::filesystem::copy_options::recursive);
  nats_.restart();
  ASSERT_TRUE(reconnected());
  // The outbox resends the lost events, and newer events go beyond the old position of the consumer.
  store_each(4, 12);
  EXPECT_THAT(take(12), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
}

TEST_F(Setup, RemovesTheConsumersOfEarlierVersionsAndNoOthers) {
  make_durable("session-NAABBCCDDEEFF");
  make_durable("lobby-ratings-NAABBCCDDEEFF-0190a8b0-0000-7000-8000-000000000000");
  make_durable("mine");
  restart();
  EXPECT_THAT(names(), Not(Contains("session-NAABBCCDDEEFF")));
  EXPECT_THAT(names(), Not(Contains("lobby-ratings-NAABBCCDDEEFF-0190a8b0-0000-7000-8000-000000000000")));
  EXPECT_THAT(names(), Contains("mine"));
  EXPECT_THAT(names(), Contains("lobby-ratings-1"));
}

TEST_F(Setup, OtherSettingsKeepThePlace) {
  make_consumers(*bus_, {"test"});
  store_each(1, 5);
  EXPECT_EQ(take(5, "test").size(), 5u);
  make_consumers(*bus_, {"test"}, Milliseconds{1'000});
  store_each(6, 6);
  EXPECT_THAT(take(1, "test"), ElementsAre(6));
}

}  // namespace
}  // namespace mm::bus
