// Tests of requests, servers and consumers when nats-server is killed, frozen, or restarted without its state.
#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "common/bus/async_requests.h"
#include "common/bus/consumer.h"
#include "common/bus/server.h"
#include "tests/integration/bus/messages.h"

namespace mm::bus {
namespace {

using testing::eventually;

class Outage : public ::testing::Test {
 protected:
  void SetUp() override {
    server_.serve<Echo>([this](const Echo& r, const Context&) -> Reply<Echoed> {
      handled_.add(std::stoi(r.text));
      return Echoed{r.text};
    });
    server_.start();
    make_consumers(*bus_, {"test"});
  }

  Reply<Echoed> send(int number, Deadline deadline = soon()) {
    return client_->request(Echo{std::to_string(number)}, {}, deadline);
  }
  bool both_back() { return bus_->connected() && client_->connected(); }

  testing::OwnNats nats_;
  metrics::Registry metrics_;
  metrics::Registry client_metrics_;
  std::unique_ptr<Bus> bus_ = connect(nats_, metrics_);
  std::unique_ptr<Bus> client_ = connect(nats_, client_metrics_);
  Numbers handled_;
  Server server_{*bus_, {.name = "echo"}, metrics_};
};

TEST_F(Outage, RequestsFailAtOnceWhileTheServerIsAwayAndNothingOldArrivesLater) {
  ASSERT_TRUE(send(1).ok());
  nats_.kill();
  ASSERT_TRUE(eventually([&] { return !bus_->connected() && !client_->connected(); }));
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < 100; ++i) {
    const auto answer = send(100 + i, soon(60'000));
    ASSERT_FALSE(answer.ok());
    EXPECT_EQ(answer.error().code, Code::unavailable);
    EXPECT_FALSE(client_->publish("test.echo", R"({"text":"200"})").ok());
    EXPECT_FALSE(client_->store(Found{300}, "300", soon(60'000)).ok());
  }
  const auto results =
      client_->store_all({{"match.found", "{}", "x", {}}, {"match.found", "{}", "y", {}}}, soon(60'000));
  EXPECT_TRUE(std::ranges::none_of(results, [](const auto& result) { return result.ok(); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{30});
  EXPECT_EQ(client_->server_id(), "");

  nats_.restart();
  ASSERT_TRUE(eventually([&] { return both_back() && send(2).ok(); }));
  EXPECT_THAT(handled_.all(), ::testing::ElementsAre(1, 2));
}

TEST_F(Outage, RequestsUnderWayFailWhenTheConnectionBreaks) {
  Gate gate;
  Server slow(*bus_, {.name = "slow"}, metrics_);
  slow.serve<BatchEcho>([&](const BatchEcho& r, const Context&) -> Reply<Echoed> {
    gate.pass();
    return Echoed{r.text};
  });
  slow.start();
  AsyncRequests requests(*client_, client_metrics_);
  std::atomic<int> failed{0};
  requests.request("test.batch_echo", R"({"text":"x"})", {}, {}, soon(60'000), [&](Reply<std::string> reply) {
    if (!reply.ok() && reply.error().code == Code::unavailable) ++failed;
  });
  std::thread blocking([&] {
    const auto reply = client_->request(BatchEcho{"y"}, {}, soon(60'000));
    if (!reply.ok() && reply.error().code == Code::unavailable) ++failed;
  });
  ASSERT_TRUE(eventually([&] { return gate.reached() == 2; }));
  const auto began = std::chrono::steady_clock::now();
  nats_.kill();
  EXPECT_TRUE(eventually([&] { return failed == 2; }));
  blocking.join();
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{30});
  gate.open();
  nats_.restart();
}

TEST_F(Outage, AFrozenServerCostsNoMoreThanTheDeadline) {
  ASSERT_TRUE(send(1).ok());
  nats_.freeze();
  // On a busy machine the threads of nats-server stop one after the other, so a request may still be answered.
  Reply<Echoed> answer = Echoed{};
  ASSERT_TRUE(eventually([&] {
    answer = send(2, soon(200));
    return !answer.ok();
  }));
  EXPECT_EQ(answer.error().code, Code::deadline_exceeded);
  EXPECT_FALSE(client_->store_all({{"match.found", "{}", "x", {}}}, soon(200))[0].ok());
  nats_.thaw();
  EXPECT_TRUE(eventually([&] { return send(3).ok(); }));
}

TEST_F(Outage, AConsumerGoesOnWhereItWasWhenTheServerIsBack) {
  Numbers seen;
  Consumer consumer(*bus_, streams::kMatch, {.name = "test"}, metrics_);
  consumer.on<Found>(into(seen));
  consumer.start();
  ASSERT_TRUE(client_->store(Found{1}, "1", soon()).ok());
  ASSERT_TRUE(eventually([&] { return seen.size() == 1; }));
  const auto before = bus_->server_id();
  nats_.restart();
  ASSERT_TRUE(eventually([&] { return both_back() && bus_->server_id() != before; }));
  ASSERT_TRUE(eventually([&] { return client_->store(Found{1}, "1", soon(1'000)).ok(); }));
  ASSERT_TRUE(client_->store(Found{2}, "2", soon()).ok());
  ASSERT_TRUE(eventually([&] { return seen.all().back() == 2; }));
  EXPECT_THAT(seen.all(), ::testing::ElementsAre(1, 2));

  // Without its state, the sequence numbers of the stream begin again, and resent events are delivered again.
  nats_.restart_without_state();
  ASSERT_TRUE(eventually([&] { return both_back(); }));
  make_consumers(*client_, {"test"});
  ASSERT_TRUE(client_->store(Found{1}, "1", soon()).ok());
  EXPECT_TRUE(eventually([&] { return seen.all().back() == 1; }));
}

TEST_F(Outage, EverythingCanEndWhileTheServerIsAway) {
  auto consumer = std::make_unique<Consumer>(*bus_, streams::kMatch, ConsumerOptions{.name = "test"}, metrics_);
  auto requests = std::make_unique<AsyncRequests>(*bus_, metrics_);
  auto second = std::make_unique<Server>(*bus_, ServerOptions{.name = "other"}, metrics_);
  second->serve<BatchEcho>([](const BatchEcho& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  second->start();
  consumer->start();
  const auto began = std::chrono::steady_clock::now();
  nats_.kill();
  second.reset();
  consumer.reset();
  requests.reset();
  client_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{30});
}

TEST_F(Outage, EverythingCanEndWhileTheServerIsFrozen) {
  auto consumer = std::make_unique<Consumer>(*bus_, streams::kMatch, ConsumerOptions{.name = "test"}, metrics_);
  auto second = std::make_unique<Server>(*bus_, ServerOptions{.name = "other"}, metrics_);
  second->serve<BatchEcho>([](const BatchEcho& r, const Context&) -> Reply<Echoed> { return Echoed{r.text}; });
  second->start();
  consumer->start();
  nats_.freeze();
  const auto began = std::chrono::steady_clock::now();
  second.reset();
  consumer.reset();
  client_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, Seconds{30});
  nats_.thaw();
}

TEST(Connecting, FailsAtTheDeadlineWhenNobodyIsThere) {
  const testing::ReservedPort port;
  metrics::Registry metrics;
  Options options;
  options.url = "nats://127.0.0.1:" + std::to_string(port.number());
  EXPECT_FALSE(Bus::connect(options, metrics, soon(300)).ok());
  options.url = "nats://";
  EXPECT_FALSE(Bus::connect(options, metrics, soon(0)).ok());
}

TEST(Connecting, WaitsForAServerThatComesLater) {
  testing::OwnNats nats;
  nats.kill();
  metrics::Registry metrics;
  std::thread later([&] { nats.restart(); });
  EXPECT_TRUE(Bus::connect(bus_options(nats), metrics, soon(20'000)).ok());
  later.join();
}

TEST(Connecting, NeedsTheRightPassword) {
  const testing::OwnNats nats;
  metrics::Registry metrics;
  auto options = bus_options(nats, "lobby");
  options.password = "a-wrong-one";
  const auto refused = Bus::connect(options, metrics, soon(300));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().find("a-wrong-one"), std::string::npos);
  options.password = testing::OwnNats::password("lobby");
  EXPECT_TRUE(Bus::connect(options, metrics, soon()).ok());
}

}  // namespace
}  // namespace mm::bus
