// Each fault of mm-chaos-proxy with the real server behind it: what a client of the platform sees, what the server has
// done nevertheless, and that everything works after the fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>

#include "common/bus/bus.h"
#include "common/testing/connections.h"
#include "common/testing/wait.h"
#include "tests/integration/chaos_proxy/proxy.h"

namespace mm::chaos {
namespace {

using testing::eventually;
using testing::soon;

constexpr Milliseconds kShort{300};

Milliseconds time_of(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - started);
}

class RedisThroughProxy : public ::testing::Test {
 protected:
  storage::RedisOptions options(const std::string& url) const {
    auto options = testing::redis_options(server_);
    options.url = url;
    options.connections = 1;
    return options;
  }
  bool increments(Milliseconds within) { return redis_.command({"INCR", "n"}, Deadline::after(within)).ok(); }
  std::string value() { return direct_.command({"GET", "n"}, soon())->text; }
  bool works_again() {
    return eventually([this] { return redis_.command({"PING"}, Deadline::after(kShort)).ok(); });
  }
  std::string authentication() const { return "AUTH operator " + server_.password() + "\r\n"; }

  testing::OwnRedis server_{testing::OwnRedis::Instance::queue};
  Proxy proxy_{"redis-queue", server_.port()};
  storage::Redis redis_{options("redis://operator@127.0.0.1:" + std::to_string(proxy_.port()))};
  storage::Redis direct_{options(server_.url())};
};

TEST_F(RedisThroughProxy, WithoutAFaultBytesPass) {
  EXPECT_TRUE(increments(soon().remaining()));
  const std::string large(3'000'000, 'x');
  ASSERT_TRUE(redis_.command({"SET", "large", large}, soon()).ok());
  EXPECT_EQ(redis_.command({"GET", "large"}, soon())->text, large);
  EXPECT_GT(proxy_.count("bytes_up"), 3'000'000);
}

TEST_F(RedisThroughProxy, DelayHoldsBothDirections) {
  ASSERT_TRUE(increments(soon().remaining()));
  proxy_.set(R"({"kind":"delay","delay_ms":150})");
  EXPECT_GE(time_of([&] { EXPECT_TRUE(increments(soon().remaining())); }), Milliseconds{300});
  proxy_.heal();
  EXPECT_LT(time_of([&] { EXPECT_TRUE(increments(soon().remaining())); }), Milliseconds{150});
}

TEST_F(RedisThroughProxy, BlackholeForwardsNothingOfOldAndNewConnections) {
  ASSERT_TRUE(increments(soon().remaining()));
  proxy_.set(R"({"kind":"blackhole"})");
  EXPECT_FALSE(increments(kShort));
  EXPECT_FALSE(increments(kShort)) << "the new connection is accepted and stays silent";
  EXPECT_EQ(value(), "1");
  proxy_.heal();
  EXPECT_TRUE(works_again());
}

TEST_F(RedisThroughProxy, HalfOpenDoesTheWorkWithoutAnAnswer) {
  ASSERT_TRUE(increments(soon().remaining()));
  proxy_.set(R"({"kind":"half_open","direction":"down"})");
  EXPECT_FALSE(increments(kShort));
  EXPECT_TRUE(eventually([&] { return value() == "2"; }));
  proxy_.heal();
  ASSERT_TRUE(works_again());
  proxy_.set(R"({"kind":"half_open","direction":"up"})");
  EXPECT_FALSE(increments(kShort));
  EXPECT_EQ(value(), "2");
  proxy_.heal();
  EXPECT_TRUE(works_again());
}

TEST_F(RedisThroughProxy, ResetEndsOldAndNewConnections) {
  PlainClient client(proxy_.port());
  ASSERT_TRUE(client.send(authentication()));
  ASSERT_EQ(client.read(5), "+OK\r\n");
  proxy_.set(R"({"kind":"reset"})");
  client.read(1);
  EXPECT_TRUE(client.was_reset());
  EXPECT_LT(time_of([&] { EXPECT_FALSE(increments(soon().remaining())); }), Milliseconds{2'000});
  proxy_.heal();
  EXPECT_TRUE(works_again());
}

TEST_F(RedisThroughProxy, CutResetsAConnectionAfterSomeBytes) {
  proxy_.set(R"({"kind":"cut","bytes":2000})");
  PlainClient client(proxy_.port());
  std::string all;
  ASSERT_TRUE(client.send(authentication()));
  all = client.read(5);
  for (int i = 0; i < 1'000 && !client.was_reset() && client.send("PING\r\n"); ++i) all += client.read(7);
  EXPECT_LE(all.size(), 4'000U) << "at most twice the number";
  EXPECT_EQ(all.substr(0, 5), "+OK\r\n");
  proxy_.heal();
  EXPECT_TRUE(works_again());
}

TEST_F(RedisThroughProxy, SlowSendsSmallSlicesAtARate) {
  PlainClient client(proxy_.port());
  ASSERT_TRUE(client.send(authentication()));
  ASSERT_EQ(client.read(5), "+OK\r\n");
  const std::string word(300, 'y');
  proxy_.set(R"({"kind":"slow","slice":1})");
  ASSERT_TRUE(client.send("ECHO " + word + "\r\n"));
  EXPECT_EQ(client.read(6 + 302), "$300\r\n" + word + "\r\n");
  proxy_.set(R"({"kind":"slow","bytes":1000})");
  EXPECT_GE(time_of([&] {
              ASSERT_TRUE(client.send("ECHO " + word + "\r\n"));
              EXPECT_EQ(client.read(6 + 302), "$300\r\n" + word + "\r\n");
            }),
            Milliseconds{500});
}

TEST_F(RedisThroughProxy, ARefusedLineChangesNothing) {
  EXPECT_THAT(proxy_.control(R"({"fault":{"kind":"flood"}})"), ::testing::HasSubstr("error"));
  EXPECT_THAT(proxy_.control(R"({"fault":{"kind":"reset","percentage":1}})"), ::testing::HasSubstr("error"));
  EXPECT_THAT(proxy_.control(R"({"links":["x.*"],"fault":{"kind":"reset"}})"), ::testing::HasSubstr("no link"));
  EXPECT_THAT(proxy_.control("no json"), ::testing::HasSubstr("error"));
  EXPECT_TRUE(increments(soon().remaining()));
}

TEST(PostgresThroughProxy, ACommitIsDoneAndItsReplyIsLost) {
  const testing::OwnPostgres server;
  testing::Database direct(server);
  direct.rows("CREATE TABLE public.chaos (n int)");
  Proxy proxy("postgres", server.port());
  storage::PostgresOptions options;
  options.url = server.url();
  const auto port = options.url.rfind(std::to_string(server.port()));
  options.url.replace(port, std::to_string(server.port()).size(), std::to_string(proxy.port()));
  options.connections = 1;
  storage::Postgres postgres(options);
  const auto insert = [&](int n) {
    return postgres.transaction(soon(),
                                [&](pqxx::work& tx) { tx.exec_params("INSERT INTO public.chaos VALUES ($1)", n); });
  };
  ASSERT_TRUE(eventually([&] { return insert(1).ok(); }));
  proxy.set(R"({"kind":"commit","percent":100})");
  const auto cut = insert(2);
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().kind, storage::DatabaseError::Kind::unknown_outcome) << cut.error().text;
  EXPECT_EQ(direct.number("SELECT count(*) FROM public.chaos WHERE n = 2"), 1);
  EXPECT_GE(proxy.count("commits_cut"), 1);
  proxy.heal();
  EXPECT_TRUE(eventually([&] { return insert(3).ok(); }));
  EXPECT_EQ(direct.number("SELECT count(*) FROM public.chaos WHERE n = 3"), 1);
}

class NatsThroughProxy : public ::testing::Test {
 protected:
  NatsThroughProxy() {
    auto options = testing::bus_options(server_);
    options.url = "nats://127.0.0.1:" + std::to_string(proxy_.port());
    auto bus = bus::Bus::connect(options, metrics_, soon());
    check(bus.ok(), "no connection through the proxy");
    bus_ = std::move(*bus);
    subscription_ = std::make_unique<bus::Subscription>(*bus_, "chaos.*", "", [this](auto, std::string_view body) {
      const std::lock_guard lock(mutex_);
      if (body == "first") subscribed_ = true;
      else received_.emplace_back(body);
    });
    EXPECT_TRUE(eventually([this] { return direct_->publish("chaos.first", "first").ok() && subscribed_; }));
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return received_.size();
  }
  std::vector<std::string> received() const {
    const std::lock_guard lock(mutex_);
    return received_;
  }
  void publish(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(direct_->publish("chaos.event", std::to_string(i)).ok());
  }

  testing::OwnNats server_;
  Proxy proxy_{"nats", server_.port()};
  metrics::Registry metrics_;
  mutable std::mutex mutex_;
  std::vector<std::string> received_;  // guarded by mutex_
  std::atomic<bool> subscribed_ = false;
  std::unique_ptr<bus::Bus> direct_{testing::connect(server_, metrics_)};
  std::unique_ptr<bus::Bus> bus_;
  std::unique_ptr<bus::Subscription> subscription_;
};

TEST_F(NatsThroughProxy, RepeatsEachMessage) {
  proxy_.set(R"({"kind":"messages","copies":5,"direction":"down"})");
  publish(20);
  EXPECT_TRUE(eventually([&] { return size() >= 100; }));
  const auto all = received();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(std::count(all.begin(), all.end(), std::to_string(i)), 5) << i;
}

TEST_F(NatsThroughProxy, DropsMessagesAndKeepsTheConnection) {
  proxy_.set(R"({"kind":"messages","percent":100,"direction":"down","subject":"chaos."})");
  publish(50);
  EXPECT_TRUE(eventually([&] { return proxy_.count("dropped") >= 50; }));
  proxy_.heal();
  publish(1);
  EXPECT_TRUE(eventually([&] { return size() == 1; }));
  EXPECT_TRUE(bus_->connected());
  EXPECT_EQ(bus_->reconnections(), 0U);
}

TEST_F(NatsThroughProxy, ReordersWithoutLoss) {
  proxy_.set(R"({"kind":"messages","window":20,"direction":"down"})");
  publish(200);
  ASSERT_TRUE(eventually([&] { return size() == 200; }));
  auto all = received();
  std::vector<int> numbers;
  for (const auto& one : all) numbers.push_back(std::stoi(one));
  EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
  std::sort(numbers.begin(), numbers.end());
  for (int i = 0; i < 200; ++i) EXPECT_EQ(numbers[static_cast<std::size_t>(i)], i);
}

TEST_F(NatsThroughProxy, ResetMakesTheClientConnectAgain) {
  proxy_.set(R"({"kind":"reset"})");
  EXPECT_TRUE(eventually([&] { return !bus_->connected(); }));
  proxy_.heal();
  EXPECT_TRUE(eventually([&] { return bus_->connected() && bus_->reconnections() >= 1; }));
}

TEST_F(NatsThroughProxy, ABlackholeIsNoticedByTheRequest) {
  proxy_.set(R"({"kind":"blackhole"})");
  const auto answer = bus_->request("profile.nobody", "{}", Caller{}, Deadline::after(kShort));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().code, Code::deadline_exceeded);
  proxy_.heal();
  publish(1);
  EXPECT_TRUE(eventually([&] { return size() >= 1; }));
}

}  // namespace
}  // namespace mm::chaos
